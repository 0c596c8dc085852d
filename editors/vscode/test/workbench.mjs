// The real VS Code workbench, served on loopback and shown in a Chromium without a screen.
//
// `openWorkbench` starts both with fresh data under one folder and gives the page and a way to end them. The functions
// below it are what a person does: press keys, run a command of the palette, open a file. Selectors are the workbench's
// own and stand here only.

import { spawn, execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

/** How long anything may take before the story counts as failed, in milliseconds. */
export const PATIENCE = 30_000;

const SETTINGS = {
  "chat.disableAIFeatures": true,
  // A menu that opens late would put its word where a line was to end.
  "editor.acceptSuggestionOnEnter": "off",
  "editor.minimap.enabled": false,
  "editor.renderWhitespace": "none",
  "editor.scrollBeyondLastLine": false,
  "editor.stickyScroll.enabled": false,
  "files.autoSave": "off",
  "security.workspace.trust.enabled": false,
  "telemetry.telemetryLevel": "off",
  "window.commandCenter": false,
  "workbench.reduceMotion": "on",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
};

/**
 * @param {{editors: string, home: string, workspace: string, extensions: string[], chromium: string, settings: object}} with_
 *   `editors` is the folder that `editors/setup` fills, `home` an empty folder for everything that is written. Settings go
 *   to the machine's file: the person's own cannot name a program of the machine that serves the workbench.
 */
export async function openWorkbench({ editors, home, workspace, extensions, chromium: program, settings }) {
  const node = join(editors, "vscode/node");
  const main = join(editors, "vscode/node_modules/code-server/lib/vscode/out/server-main.js");
  const data = join(home, "workbench");
  const places = ["--server-data-dir", data, "--extensions-dir", join(home, "extensions"), "--accept-server-license-terms"];
  for (const [whose, what] of Object.entries({ User: SETTINGS, Machine: settings })) {
    mkdirSync(join(data, "data", whose), { recursive: true });
    writeFileSync(join(data, "data", whose, "settings.json"), JSON.stringify(what));
  }
  const install = extensions.flatMap((packed) => ["--install-extension", packed]);
  execFileSync(node, [main, ...places, ...install], { stdio: ["ignore", "ignore", "ignore"] });

  // Its own process group: the workbench's children linger when it alone is ended.
  const server = spawn(
    node,
    [main, ...places, "--host", "127.0.0.1", "--port", "0", "--without-connection-token", "--telemetry-level", "off"],
    { detached: true, stdio: ["ignore", "pipe", "pipe"] },
  );
  const endServer = () => {
    try {
      process.kill(-server.pid, "SIGKILL");
    } catch {
      // It ended by itself.
    }
  };
  process.on("exit", endServer);
  const port = await listening(server);

  const browser = await chromium.launch({
    executablePath: program,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  const page = await browser.newPage({ viewport: { width: 1200, height: 760 } });
  page.setDefaultTimeout(PATIENCE);
  await page.goto(`http://127.0.0.1:${port}/?folder=${encodeURIComponent(workspace)}`);
  await page.locator(".monaco-workbench .statusbar").waitFor();
  return {
    page,
    close: async () => {
      await browser.close();
      endServer();
    },
  };
}

/** The port that the workbench says it listens on. */
function listening(server) {
  return new Promise((resolve, reject) => {
    let said = "";
    const hear = (piece) => {
      said += piece;
      const found = /listening on (\d+)/.exec(said);
      if (found) resolve(Number(found[1]));
    };
    server.stdout.on("data", hear);
    server.stderr.on("data", hear);
    server.on("exit", (code) => reject(new Error(`the workbench ended with ${code}:\n${said.slice(-4000)}`)));
  });
}

/** Opens a file by its path in the workspace, at a line counted from one. A list that still grows may take a click elsewhere. */
export async function openFile(page, path, line = 1) {
  const name = path.split("/").at(-1);
  const soon = { timeout: PATIENCE / 6 };
  await until(`${path} in the editor`, async () => {
    await page.keyboard.press("Control+P");
    const input = page.locator(".quick-input-widget input");
    await input.waitFor();
    await input.fill(path);
    const row = page.locator(".quick-input-list .monaco-list-row", { hasText: name }).first();
    const tab = page.locator(".tab.active", { hasText: name });
    const shown = await row.click(soon).then(() => tab.waitFor(soon)).then(() => true, () => false);
    if (shown) return { shown };
    await page.keyboard.press("Escape");
    return { saw: await page.locator(".tab.active").allInnerTexts() };
  });
  await page.locator(`.editor-instance[aria-label*="${name}"], .editor-instance`).first().waitFor();
  await goTo(page, line);
}

/** Puts the cursor at the start of a line. */
export async function goTo(page, line, column = 1) {
  await page.keyboard.press("Control+G");
  const input = page.locator(".quick-input-widget input");
  await input.waitFor();
  await input.fill(`:${line}:${column}`);
  await page.locator(".quick-input-list .monaco-list-row", { hasText: "Press 'Enter'" }).first().waitFor();
  await page.keyboard.press("Enter");
  await input.waitFor({ state: "hidden" });
}

/** Rests the mouse on a thing; unlike Playwright's own hover it minds no overlay and scrolls nothing. */
export async function pointAt(page, thing) {
  await thing.waitFor();
  const { x, y, width, height } = await thing.boundingBox();
  await page.mouse.move(x + width / 2, y + height / 2, { steps: 4 });
}

/** Runs a command of the palette by its full title. */
export async function runCommand(page, title) {
  await page.keyboard.press("F1");
  const input = page.locator(".quick-input-widget input");
  await input.waitFor();
  await input.fill(`>${title}`);
  await page.locator(".quick-input-list .monaco-list-row", { hasText: title }).first().click();
}

/** The titles that the light bulb offers here; the menu stays open. Asked too early it has nothing, and is asked again. */
export async function openLightBulb(page) {
  const rows = page.locator(".action-widget .monaco-list-row");
  await until("the light bulb", async () => {
    await page.keyboard.press("Control+.");
    const shown = await rows.first().waitFor({ timeout: 3_000 }).then(() => true, () => false);
    return shown ? { shown } : { saw: await page.locator(".monaco-editor-overlaymessage").allInnerTexts() };
  });
  return rows;
}

/** Waits until there is no such thing left on the page. */
export async function gone(things) {
  await until("something that should go", async () => {
    const count = await things.count();
    return count === 0 ? { count } : { saw: count };
  });
}

/** What the editor shows, line by line as far as it is in view. */
export async function shownText(page) {
  const lines = page.locator(".editor-instance .view-lines .view-line");
  return (await lines.allInnerTexts()).map((line) => line.replaceAll("\u00a0", " ")).join("\n");
}

/** Saves until the file on disk fits: a change that is still under way is not in what was saved before it came. */
export async function saved(page, path, fits) {
  let next = 0;
  return until(`${path} on disk`, async () => {
    if (Date.now() >= next) {
      await page.keyboard.press("Control+S");
      next = Date.now() + 1_000;
    }
    const text = readFileSync(path, "utf8");
    return fits(text) ? { text } : { saw: text };
  });
}

/** Polls until `look` gives something without `saw`; fails with the last thing it saw. */
export async function until(what, look) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const seen = await look();
    if (seen && !("saw" in seen)) return seen;
    if (Date.now() > end) throw new Error(`${what}: saw ${JSON.stringify(seen?.saw)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
