// The story of editors/story in the real VS Code workbench:
//
//   .editors/vscode/node editors/vscode/test/story.mjs
//
// Environment and words as in scene.mjs.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { begin, folder, step } from "./scene.mjs";
import { goTo, gone, openFile, openLightBulb, pointAt, runCommand, saved, shownText, until } from "./workbench.mjs";

const workspace = folder("workspace");

const { page, picture, shown, tell } = await begin(workspace);

await tell(async () => {
  await ghostText();
  await workflowHelp();
  await twoFiles();
  const original = await askAndAllow();
  await undo(original);
  await denyAtTheMark(`# mine\n${original}`);
  await cancel(`# mine\n${original}`);
  await background(`# mine\n${original}`);
  await conversations(`# mine\n${original}`);
});

async function ghostText() {
  const path = join(workspace, "prices.py");
  // A mark says that the server is there.
  await openFile(page, ".copydesk/workflows/release.yaml");
  await page.locator(".squiggly-error").first().waitFor();
  await openFile(page, "prices.py", 2);
  await page.keyboard.press("End");
  await page.keyboard.type(" ");
  // It is colored like code, so each color is a piece of its own.
  await page.locator(".ghost-text-decoration", { hasText: "price" }).first().waitFor();
  await shown("    return price * 2");
  assert.ok(!readFileSync(path, "utf8").includes("price * 2"));
  await picture("ghost-text");
  // VS Code's own menu of words opens over it now and then, with the word chosen with which the suggestion begins.
  await page.keyboard.press("Control+Space");
  const chosen = page.locator(".suggest-widget.visible .monaco-list-row.focused", { hasText: "price" });
  await chosen.waitFor();
  await shown("    return price * 2");
  await picture("ghost-text-menu");
  await page.keyboard.press("Escape");
  await gone(page.locator(".suggest-widget.visible"));
  await shown("    return price * 2");
  await page.keyboard.press("Tab");
  await saved(page, path, (text) => text === "def double(price):\n    return price * 2\n");
  step("a suggestion shows as grey text and is taken with Tab");
}

async function workflowHelp() {
  const path = join(workspace, ".copydesk/workflows/release.yaml");
  await openFile(page, ".copydesk/workflows/release.yaml", 15);
  await pointAt(page, page.locator(".squiggly-error").last());
  const hover = page.locator(".monaco-hover:visible").first();
  await hover.getByText("rnu").first().waitFor();
  await picture("diagnostic");
  await page.keyboard.press("Escape");
  step("a broken workflow is marked where it is broken");

  await goTo(page, 15, 6);
  const fixes = await openLightBulb(page);
  await fixes.filter({ hasText: "run" }).first().click();
  await saved(page, path, (text) => text.includes("\n    run: cargo publish"));
  step("a quick fix mends it");

  await page.keyboard.press("Control+End");
  await page.keyboard.type("    re");
  await page.keyboard.press("Control+Space");
  await page.locator(".suggest-widget .monaco-list-row", { hasText: "retry" }).first().waitFor();
  await picture("completion");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+Shift+K");
  step("a half-typed key is completed");

  // On the empty line between the steps.
  await goTo(page, 11);
  await page.keyboard.type('  - {id: last, type: shell, run: "${{ steps.test.output.');
  const proposals = page.locator(".suggest-widget .monaco-list-row");
  await proposals.filter({ hasText: "exitCode" }).first().waitFor();
  assert.equal(await proposals.filter({ hasText: "allowFailure" }).count(), 0);
  await picture("fields");
  await emptyLine();
  step("completion knows the type of what stands before the dot");

  await page.keyboard.type('  - {id: last, type: shell, run: "${{ steps.test.output.stdout }}"}');
  await page.keyboard.press("Escape");
  await page.locator(".view-line", { hasText: "waits for test" }).first().waitFor();
  await picture("hints");
  await emptyLine();
  step("a hint tells what a step waits for");

  await page.keyboard.type('  - {id: last, type: shell, run: "${{ inputs.registry.replace(');
  await page.locator(".parameter-hints-widget:visible", { hasText: "replace(search" }).waitFor();
  await picture("signature");
  await emptyLine();
  step("a signature is shown while an argument is written");

  await saved(page, path, (text) => !text.includes("    re\n") && !text.includes("id: last"));
  await pointAt(page, page.locator(".view-line", { hasText: "shell" }).first().getByText("type").first());
  await page.locator(".monaco-hover:visible").filter({ hasText: /\w+ \w+ \w+/ }).first().waitFor();
  await page.keyboard.press("Escape");
  step("hover tells about a key");

  await goTo(page, 8, 8);
  await page.keyboard.type("   ");
  await saved(page, path, (text) => text.includes("- id:    test"));
  await runCommand(page, "Format Document");
  await shown("  - id: test\n");
  await saved(page, path, (text) => text.includes("\n  - id: test\n"));
  step("a file is laid out");

  await goTo(page, 10, 12);
  const refactorings = await openLightBulb(page);
  await refactorings.filter({ hasText: "as a block" }).first().click();
  await shown("    run: |-\n");
  await saved(page, path, (text) => text.includes("\n    run: |-\n      cargo test"));
  await page.locator(".view-line").first().click();
  await page.keyboard.press("Control+Z");
  await shown("    run: cargo test");
  await saved(page, path, (text) => text.includes("\n    run: cargo test"));
  step("a refactoring is done, and undone by the editor");
}

/** Closes what hovers over the line, and takes its text away. */
async function emptyLine() {
  for (const key of ["Escape", "End", "Shift+Home", "Shift+Home", "Delete"]) await page.keyboard.press(key);
}

async function twoFiles() {
  const declaring = join(workspace, ".copydesk/workflows/release.yaml");
  const giving = join(workspace, ".copydesk/workflows/nightly.yaml");
  await openFile(page, ".copydesk/workflows/nightly.yaml", 8);
  await goTo(page, 8, 16);
  await runCommand(page, "Go to Definition");
  await page.locator(".tab.active", { hasText: "release.yaml" }).waitFor();
  await page.locator(".codelens-decoration", { hasText: "2 references" }).first().waitFor();
  await picture("definition");
  step("a name leads into the other file, and its lens counts");

  await page.locator(".codelens-decoration a", { hasText: "2 references" }).first().click();
  await page.locator(".zone-widget .reference-file, .reference-zone-widget .monaco-list-row").first().waitFor();
  await picture("references");
  await page.keyboard.press("Escape");
  await gone(page.locator(".reference-zone-widget"));
  step("a lens shows the places that it counted");

  await goTo(page, 5, 5);
  await page.keyboard.press("F2");
  const input = page.locator(".rename-box input");
  await input.waitFor();
  await input.fill("target");
  await picture("rename");
  await page.keyboard.press("Enter");
  await page.locator(".view-line", { hasText: "target" }).first().waitFor();
  await runCommand(page, "File: Save All Files");
  await until("both files", () => {
    const saw = [readFileSync(declaring, "utf8"), readFileSync(giving, "utf8")];
    const done = saw[0].includes("inputs.target") && saw[0].includes("  target: {") && saw[1].includes("{target: tries}");
    return done ? { done } : { saw };
  });
  await page.locator(".squiggly-error").first().waitFor();
  step("a rename reaches both files");

  await openFile(page, ".copydesk/workflows/nightly.yaml");
  await gone(page.locator(".squiggly-error"));
  await openFile(page, ".copydesk/workflows/release.yaml");
  await goTo(page, 5, 3);
  await page.keyboard.type("a_");
  await openFile(page, ".copydesk/workflows/nightly.yaml");
  await page.locator(".squiggly-error").first().waitFor();
  await picture("parent");
  await openFile(page, ".copydesk/workflows/release.yaml");
  await goTo(page, 5, 3);
  for (const key of ["Delete", "Delete"]) await page.keyboard.press(key);
  await openFile(page, ".copydesk/workflows/nightly.yaml");
  await gone(page.locator(".squiggly-error"));
  await runCommand(page, "File: Save All Files");
  step("a change in a workflow marks the one that calls it");
}

async function askAndAllow() {
  const path = join(workspace, "stairs.py");
  const before = readFileSync(path, "utf8");
  await openFile(page, "stairs.py", 4);
  await page.locator(".squiggly-info").first().waitFor();
  for (const key of ["ArrowDown", "ArrowDown", "ArrowDown", "End"]) await page.keyboard.press(`Shift+${key}`);
  const actions = await openLightBulb(page);
  await picture("actions");
  await actions.filter({ hasText: "ask…" }).first().click();

  const input = page.locator(".quick-input-widget input");
  await input.waitFor();
  await input.fill("Make this iterative, keep the signature");
  await picture("ask");
  await page.keyboard.press("Enter");
  step("the light bulb's Ask takes its prompt from the input box");

  const toast = page.locator(".notification-toast").filter({ hasText: "stairs.py" });
  await toast.getByRole("button", { name: "Allow once" }).waitFor();
  await toast.getByRole("button", { name: "Deny" }).waitFor();
  await page.locator(".squiggly-warning").first().waitFor();
  await picture("permission");
  assert.equal(readFileSync(path, "utf8"), before);
  step("permission is asked before anything changes");

  await toast.getByRole("button", { name: "Allow once" }).click();
  await page.locator(".view-line", { hasText: "before, now = now, before + now" }).waitFor();
  await gone(page.locator(".squiggly-warning"));
  await page.locator(".notification-toast", { hasText: "The function is a loop now" }).waitFor();
  await picture("edited");
  await saved(page, path, (text) => text.includes("    for _ in range(steps - 1):\n"));
  step("the allowed edit arrives in the file, and the answer is shown");
  return before;
}

async function undo(original) {
  const path = join(workspace, "stairs.py");
  await page.locator(".view-line").first().click();
  await page.keyboard.press("Control+Home");
  await page.keyboard.type("# mine\n");
  await runCommand(page, "Copydesk: Undo the Last Run's Edits");
  await until("the undo", async () => {
    const text = await shownText(page);
    return text.includes("return ways(steps - 1)") ? { text } : { saw: text };
  });
  await picture("undone");
  await saved(page, path, (text) => text === `# mine\n${original}`);
  step("undo takes the edit back and keeps later typing");
}

async function askAgain(prompt) {
  await goTo(page, 5);
  await runCommand(page, "Copydesk: Ask…");
  const input = page.locator(".quick-input-widget input[placeholder^='What should']");
  await input.fill(prompt);
  await page.keyboard.press("Enter");
  await page.locator(".notification-toast").getByRole("button", { name: "Allow once" }).waitFor();
  await page.locator(".squiggly-warning").first().waitFor();
}

async function ended(text) {
  await gone(page.locator(".squiggly-warning"));
  await runCommand(page, "Notifications: Clear All Notifications");
  await saved(page, join(workspace, "stairs.py"), (now) => now === text);
}

async function denyAtTheMark(text) {
  await askAgain("Print it for twenty steps");
  await openFile(page, ".copydesk/workflows/release.yaml");
  await runCommand(page, "Copydesk: Show What Waits for You");
  const choices = page.locator(".action-widget .monaco-list-row");
  await choices.filter({ hasText: "Deny" }).first().click();
  await ended(text);
  step("what was missed can be answered at its mark");
}

async function cancel(text) {
  await askAgain("Print it for thirty steps");
  await runCommand(page, "Copydesk: Cancel a Run");
  await ended(text);
  assert.deepEqual(await page.locator(".notification-toast .codicon-error").all(), []);
  step("a run can be canceled while it waits");
}

/** A command that goes on: its output opens, the run hears what it is told, and both end. */
async function background(text) {
  await askAgain("Please watch the folder");
  const toast = page.locator(".notification-toast").filter({ hasText: "echo watching" });
  await toast.getByRole("button", { name: "Allow once" }).click();
  // The model asks behind it: by then the command runs.
  await page.locator(".notification-toast", { hasText: "What should I look for?" }).waitFor();
  await page.locator(".view-line").first().click();
  await runCommand(page, "Source Action...");
  const shows = page.locator(".action-widget .monaco-list-row", { hasText: "show the output of" });
  await shows.first().waitFor();
  await picture("background-actions");
  await shows.first().click();
  await page.locator(".tab.active", { hasText: "job-1.log" }).waitFor();
  await shown("watching");
  await picture("background");
  step("a command in the background shows what it prints");

  await openFile(page, "stairs.py");
  await runCommand(page, "Copydesk: Tell a Running Agent…");
  const input = page.locator(".quick-input-widget input");
  await input.waitFor();
  await input.fill("mind the stairs");
  await page.keyboard.press("Enter");
  await page.locator(".notification-toast", { hasText: "I mind them." }).waitFor();
  await ended(text);
  step("a run at work hears what it is told");
}

/** The conversations: one is shown, and a rewind leaves what the person typed. */
async function conversations(text) {
  await runCommand(page, "Copydesk: Conversations…");
  const rows = page.locator(".quick-input-list .monaco-list-row");
  await rows.filter({ hasText: "watch the folder" }).first().waitFor();
  await picture("conversations");
  await rows.filter({ hasText: "watch the folder" }).first().click();
  await rows.filter({ hasText: "Show" }).first().click();
  await page.locator(".tab.active", { hasText: ".md" }).waitFor();
  await shown("I mind them.");
  step("a conversation is chosen and shown");

  await openFile(page, "stairs.py");
  await runCommand(page, "Copydesk: Rewind");
  await ended(text);
  step("a rewind leaves what the person typed");
}
