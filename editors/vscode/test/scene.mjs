// What the stories in the real VS Code workbench share: where things are, the pictures, and how one ends that went wrong.
//
// Environment: COPYDESK_BIN the server, COPYDESK_STORY a private copy of editors/story, COPYDESK_VSIX the packed extension,
// COPYDESK_NEIGHBOUR that of `neighbour/`, COPYDESK_EDITORS the folder that editors/setup fills, COPYDESK_CHROMIUM the
// browser, COPYDESK_SHOTS where pictures go. XDG_CONFIG_HOME and COPYDESK_HOME reach the server as they are.
// tests/suites/vscode.rs sets them. Each step prints `ok WORDS`; a failed one says what it saw, takes a picture and ends
// the process with 1.

import assert from "node:assert/strict";
import { mkdirSync, realpathSync } from "node:fs";
import { join } from "node:path";

import { openWorkbench, shownText, until } from "./workbench.mjs";

const of = (name) => process.env[name] ?? assert.fail(`${name} is not set`);
const story = realpathSync(of("COPYDESK_STORY"));
const shots = of("COPYDESK_SHOTS");

/** A folder of the story. */
export const folder = (name) => join(story, name);

export const step = (words) => console.log(`ok ${words}`);

/**
 * Opens the workbench with a folder. Answers its page, what takes a picture, what waits until the editor shows a piece of text (what
 * is saved before would be saved without it), and what tells a story to its end and ends the process.
 */
export async function begin(workspace) {
  mkdirSync(shots, { recursive: true });
  const { page, close } = await openWorkbench({
    editors: of("COPYDESK_EDITORS"),
    home: story,
    workspace,
    extensions: [of("COPYDESK_VSIX"), of("COPYDESK_NEIGHBOUR")],
    chromium: of("COPYDESK_CHROMIUM"),
    settings: { "copydesk.path": of("COPYDESK_BIN") },
  });
  const picture = (name) => page.screenshot({ path: join(shots, `vscode-${name}.png`) });
  const shown = (piece) =>
    until("the text in the editor", async () => {
      const text = await shownText(page);
      return text.includes(piece) ? { text } : { saw: text };
    });
  const tell = async (acts) => {
    try {
      await acts();
      console.log("the story is told");
    } catch (error) {
      console.log(`FAILED ${error.stack}`);
      console.log(`the editor shows:\n${await shownText(page).catch(() => "nothing")}`);
      console.log(`messages: ${await page.locator(".notification-toast").allInnerTexts().catch(() => "none")}`);
      await picture("failed").catch(() => {});
      process.exitCode = 1;
    } finally {
      await close();
    }
    process.exit();
  };
  return { page, picture, shown, tell };
}
