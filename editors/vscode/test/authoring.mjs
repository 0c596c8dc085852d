// Moving and changing in a workspace of workflows, in the real VS Code workbench:
//
//   .editors/vscode/node editors/vscode/test/authoring.mjs
//
// What story.mjs shows of writing is not told again. Environment and words as in scene.mjs.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { begin, folder, step } from "./scene.mjs";
import { goTo, gone, openFile, openLightBulb, runCommand, saved, shownText, until } from "./workbench.mjs";

const CHILD = ".copydesk/workflows/child.yaml";
const PARENT = ".copydesk/workflows/parent.yaml";
const workspace = folder("authoring");

const { page, picture, shown, tell } = await begin(workspace);

await tell(async () => {
  await lookAround();
  await names();
  await standTogether();
  await largerChanges();
  await filesOfOthers();
});

/** Line and column, counted from one, of the first `mark` behind the first `after` in a file on disk. */
function placeOf(path, after, mark) {
  const text = readFileSync(join(workspace, path), "utf8");
  const at = text.indexOf(mark, text.indexOf(after) + after.length);
  assert.ok(text.includes(after) && at >= 0, `no ${after}${mark} in ${text}`);
  const before = text.slice(0, at).split("\n");
  return [before.length, before.at(-1).length + 1];
}

/** Waits for the text of a file as it is saved. */
function savedWith(path, ...pieces) {
  return saved(page, join(workspace, path), (text) => pieces.every((piece) => text.includes(piece)));
}

/** Writes lines below the last one of the file that is open. */
async function append(lines) {
  await page.keyboard.press("Control+End");
  for (const line of lines) {
    await page.keyboard.press("Home");
    await page.keyboard.press("Shift+End");
    await page.keyboard.type(line);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Enter");
  }
  await page.keyboard.press("Shift+Home");
  await page.keyboard.press("Delete");
}

/** Takes the offer of the light bulb with these words. */
async function take(words) {
  const offers = await openLightBulb(page);
  await offers.filter({ hasText: words }).first().click();
}

async function lookAround() {
  await openFile(page, PARENT);
  await page.locator(".codelens-decoration", { hasText: "reference" }).first().waitFor();
  await goTo(page, ...placeOf(PARENT, "- id: ", "fetch"));
  await until("the highlights", async () => {
    const saw = await page.locator(".view-overlays .wordHighlight, .view-overlays .wordHighlightStrong").count();
    return saw === 4 ? { places: saw } : { saw };
  });
  await picture("highlights");
  step("the places of a step are highlighted: its id, a need, two expressions");

  await page.keyboard.press("Control+Shift+O");
  const rows = page.locator(".quick-input-list .monaco-list-row");
  await rows.filter({ hasText: "ask-them" }).first().waitFor();
  await rows.filter({ hasText: "show" }).first().waitFor();
  await picture("symbols");
  await page.keyboard.press("Escape");
  step("the steps of a file are listed");

  await page.keyboard.press("Control+P");
  await page.locator(".quick-input-widget input").fill("#tell");
  await rows.filter({ hasText: "child" }).first().waitFor();
  await picture("workspace-symbols");
  await rows.filter({ hasText: "child" }).first().click();
  await page.locator(".tab.active", { hasText: "child.yaml" }).waitFor();
  step("a step of another file is found by its name");
}

async function rename(path, after, mark, name) {
  await goTo(page, ...placeOf(path, after, mark));
  await page.keyboard.press("F2");
  const input = page.locator(".rename-box input");
  await input.waitFor();
  await input.fill(name);
  await page.keyboard.press("Enter");
  await gone(page.locator(".rename-box:visible"));
}

async function names() {
  await openFile(page, PARENT);
  await rename(PARENT, "- id: ", "fetch", "get");
  await shown("needs: [get]");
  await savedWith(PARENT, "- id: get\n", 'steps.get.output.stdout }}"}', "steps.get.output.stdout }}\n");
  step("a step is renamed: its id, a need, expressions");

  await rename(PARENT, "env: &", "shared", "common");
  await shown("*common");
  await savedWith(PARENT, "&common {LEVEL", "*common");
  step("an anchor is renamed with its alias");

  await openFile(page, CHILD);
  await rename(CHILD, "outputs:\n  ", "said", "told");
  await shown("  told: ");
  await runCommand(page, "File: Save All Files");
  await until("the parent", () => {
    const saw = readFileSync(join(workspace, PARENT), "utf8");
    return saw.includes("{words: told}") ? { text: saw } : { saw };
  });
  step("an output is renamed in the workflow that reads it");

  await goTo(page, ...placeOf(CHILD, "agent: ", "writer"));
  await runCommand(page, "Go to Definition");
  await page.locator(".tab.active", { hasText: "writer.md" }).waitFor();
  step("a name of an agent leads to its file");
}

async function standTogether() {
  await openFile(page, PARENT);
  await goTo(page, ...placeOf(PARENT, "", "- id: get"));
  await page.keyboard.press("Control+Shift+[");
  await until("the fold", async () => {
    const saw = await shownText(page);
    return !saw.includes("run: ls") && saw.includes("ask-them") ? { text: saw } : { saw };
  });
  await picture("fold");
  await runCommand(page, "Unfold All");
  await shown("run: ls");
  step("a step folds");

  await goTo(page, ...placeOf(PARENT, "steps.get.", "output"));
  const status = page.locator(".statusbar-item", { hasText: "selected" });
  const sizes = [];
  for (let times = 0; times < 12; times++) {
    await runCommand(page, "Expand Selection");
    const size = await until("a larger selection", async () => {
      const [saw = ""] = await status.allInnerTexts();
      const count = Number(/(\d+) selected/.exec(saw)?.[1] ?? 0);
      return count > (sizes.at(-1) ?? 0) ? { count } : { saw };
    }).then(({ count }) => count);
    sizes.push(size);
    if (size >= readFileSync(join(workspace, PARENT), "utf8").length - 1) break;
  }
  assert.equal(sizes[0], "output".length);
  assert.ok(sizes.length >= 4, `the selection grew in ${sizes}`);
  await page.keyboard.press("ArrowRight");
  step("a selection grows from a word to the file");

  const before = readFileSync(join(workspace, PARENT), "utf8");
  const [row] = placeOf(PARENT, "- id: get\n", "type:");
  await goTo(page, row, 10);
  await page.keyboard.type("    ");
  await savedWith(PARENT, "    type:     shell\n");
  for (const key of ["Home", "Shift+End"]) await page.keyboard.press(key);
  await runCommand(page, "Format Selection");
  await shown("    type: shell\n");
  await saved(page, join(workspace, PARENT), (text) => text === before);
  step("a part is laid out");
}

async function largerChanges() {
  await append(["", "  - id: last", "    type: llm", "    agent: nobody", "    prompt: ${{ inputs.what }}"]);
  await savedWith(PARENT, "    prompt: ${{ inputs.what }}\n");
  await page.locator(".squiggly-error").first().waitFor();
  await goTo(page, ...placeOf(PARENT, "inputs.", "what"));
  await take("declare the input 'what'");
  await shown("  what:");
  await savedWith(PARENT, "\ninputs:\n  what:");
  step("a missing input is declared");

  await goTo(page, ...placeOf(PARENT, "agent: ", "nobody"));
  await take("create the agent 'nobody'");
  await page.locator(".tab.active", { hasText: "nobody.md" }).waitFor();
  await runCommand(page, "File: Save All Files");
  await until("the agent's file", () => {
    try {
      return { text: readFileSync(join(workspace, ".copydesk/agents/nobody.md"), "utf8") };
    } catch (error) {
      return { saw: String(error) };
    }
  });
  await openFile(page, PARENT);
  await gone(page.locator(".squiggly-error"));
  step("a missing agent is created");

  const [first, column] = placeOf(PARENT, "", "- id: last");
  await goTo(page, first, column);
  for (const key of ["ArrowDown", "ArrowDown", "ArrowDown", "End"]) await page.keyboard.press(`Shift+${key}`);
  await picture("extract");
  await take("extract the step to last_part.yaml");
  await shown("path: last_part.yaml");
  await runCommand(page, "File: Save All Files");
  await savedWith(PARENT, "path: last_part.yaml");
  assert.ok(readFileSync(join(workspace, ".copydesk/workflows/last_part.yaml"), "utf8").includes("agent: nobody"));
  step("a step becomes a workflow of its own");

  await openFile(page, PARENT);
  const twice = (name) => ["", `  - id: make_${name}`, "    type: shell", `    run: make ${name}`];
  await append([...twice("one"), ...twice("two")]);
  await savedWith(PARENT, "    run: make two\n");
  await goTo(page, ...placeOf(PARENT, "", "  - id: make_one"));
  await page.keyboard.press("Control+Shift+End");
  await take("one with a matrix");
  await shown("matrix:");
  await picture("matrix");
  await savedWith(PARENT, "matrix:");
  step("steps that differ in a word become one with a matrix");

  await openFile(page, CHILD);
  await append(["    idempotencyKey: inputs.about"]);
  await savedWith(CHILD, "idempotencyKey: inputs.about");
  await page.locator(".squiggly-error, .squiggly-warning").first().waitFor();
  await goTo(page, ...placeOf(CHILD, "idempotencyKey: ", "inputs"));
  await take("${{");
  await shown("idempotencyKey: ${{ inputs.about }}");
  await savedWith(CHILD, "idempotencyKey: ${{ inputs.about }}");
  step("a bare expression gets its braces");
}

/** By the schema that they name. Of a JSON file the workbench has findings of its own, which look the same. */
async function filesOfOthers() {
  for (const name of ["a.yaml", "a.toml"]) {
    await openFile(page, name, 2);
    await page.locator(".squiggly-error").first().waitFor();
  }
  await picture("schema");
  step("files with a schema of their own are checked");
}
