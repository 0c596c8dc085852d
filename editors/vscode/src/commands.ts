// The commands of the palette. Each sends one command of the server; what happens then, the server shows.

import { commands, languages, Selection, Uri, window, type Diagnostic, type ExtensionContext } from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { runningRuns } from "./runs";

export function registerCommands(
  context: ExtensionContext,
  client: () => LanguageClient | undefined,
  restart: () => Promise<void>,
): void {
  const register = (name: string, does: (client: LanguageClient) => PromiseLike<unknown>) =>
    context.subscriptions.push(
      commands.registerCommand(`copydesk.ui.${name}`, async () => {
        const running = client();
        if (running?.isRunning()) return does(running);
        return window.showWarningMessage("Copydesk is not running. Its output channel says why.");
      }),
    );
  register("ask", ask);
  register("approvals", showApprovals);
  register("cancel", cancel);
  register("tell", tell);
  register("rewind", rewind);
  register("mode", chooseMode);
  register("retry", () => commands.executeCommand("copydesk.retry", {}));
  register("sessions", sessions);
  register("context", () => commands.executeCommand("copydesk.context.show", {}));
  register("undo", () => takeBack("copydesk.undo"));
  register("redo", () => takeBack("copydesk.redo"));
  register("trust", trust);
  context.subscriptions.push(commands.registerCommand("copydesk.ui.restart", restart));
}

async function ask(client: LanguageClient): Promise<void> {
  const editor = window.activeTextEditor;
  if (editor?.document.uri.scheme !== "file") {
    await window.showInformationMessage("Open the file that you want to ask about.");
    return;
  }
  const converter = client.code2ProtocolConverter;
  await commands.executeCommand("copydesk.ask", {
    uri: converter.asUri(editor.document.uri),
    range: converter.asRange(editor.selection),
  });
}

/** Goes to what waits for the person and opens its choices; the diagnostics say where. */
async function showApprovals(): Promise<void> {
  const waiting = languages
    .getDiagnostics()
    .flatMap(([uri, found]) => found.filter(isPendingApproval).map((approval) => ({ uri, approval })));
  const [first] = waiting;
  if (!first) {
    await window.showInformationMessage("Nothing waits for you.");
  } else if (waiting.length === 1) {
    await open(first.uri, first.approval);
  } else {
    const items = waiting.map((one) => ({ ...one, label: one.approval.message }));
    const chosen = await window.showQuickPick(items, { title: "What waits for you" });
    if (chosen) await open(chosen.uri, chosen.approval);
  }
}

function isPendingApproval(found: Diagnostic): boolean {
  const code = typeof found.code === "object" ? found.code.value : found.code;
  return found.source === "copydesk" && code === "pending-approval";
}

async function open(uri: Uri, at: Diagnostic): Promise<void> {
  await window.showTextDocument(uri, { selection: new Selection(at.range.start, at.range.start) });
  await commands.executeCommand("editor.action.quickFix");
}

/** The one run under way, or the one that the person chooses. */
async function chosenRun(title: string): Promise<{ runId: string } | undefined> {
  const runs = runningRuns();
  if (runs.length === 0) await window.showInformationMessage("Nothing is running.");
  if (runs.length <= 1) return runs[0];
  return window.showQuickPick(
    runs.map((run) => ({ ...run, label: run.title })),
    { title },
  );
}

async function cancel(): Promise<void> {
  const chosen = await chosenRun("Cancel which run?");
  if (chosen) await commands.executeCommand("copydesk.cancel", { runId: chosen.runId });
}

async function tell(): Promise<void> {
  const chosen = await chosenRun("Tell which run?");
  const text = chosen && (await window.showInputBox({ title: "What should the agent know?" }));
  if (!chosen || !text) return;
  const argument = { runId: chosen.runId, text };
  const said = await commands.executeCommand<{ heard: boolean } | undefined>("copydesk.steer", argument);
  if (said?.heard === false) void window.showInformationMessage("It came too late: the run has ended.");
}

async function rewind(): Promise<void> {
  const gone = await commands.executeCommand<{ turns: string[] } | undefined>("copydesk.rewind", {});
  if (!gone) return;
  const { length } = gone.turns;
  void window.showInformationMessage(length === 1 ? "Back to before the last turn." : `Back to before ${length} turns.`);
}

const MODES = ["locked", "plan", "default", "accept-edits", "auto"];
const AS_SET = "as the settings say";

async function chooseMode(): Promise<void> {
  const chosen = await window.showQuickPick([...MODES, AS_SET], { title: "The mode of this session" });
  if (chosen) await commands.executeCommand("copydesk.mode.set", { mode: chosen === AS_SET ? null : chosen });
}

interface Conversation {
  session: string;
  title: string;
  name: string | null;
  turns: number;
}

/** The conversations of the workspace: one is chosen, then what becomes of it. The server asks before it deletes. */
async function sessions(): Promise<void> {
  const listed = await commands.executeCommand<{ sessions: Conversation[]; kept: string }>("copydesk.sessions.list", {});
  const items = listed.sessions.map((one) => ({
    session: one.session,
    label: one.name ?? one.title,
    description: one.turns === 1 ? "1 turn" : `${one.turns} turns`,
  }));
  if (items.length === 0) {
    await window.showInformationMessage("Nothing was asked here yet.");
    return;
  }
  const chosen = await window.showQuickPick(items, { title: "Conversations", placeHolder: listed.kept });
  const what = chosen && (await window.showQuickPick(["Show", "Name…", "Copy", "Delete…"], { title: chosen.label }));
  if (!chosen || !what) return;
  const { session } = chosen;
  if (what === "Show") await commands.executeCommand("copydesk.sessions.show", { session });
  if (what === "Delete…") await commands.executeCommand("copydesk.sessions.delete", { session });
  if (what === "Name…") {
    const name = await window.showInputBox({ title: "Name", value: chosen.label });
    if (name !== undefined) await commands.executeCommand("copydesk.sessions.name", { session, name });
  }
  if (what === "Copy") {
    const copy = await commands.executeCommand<{ session: string }>("copydesk.sessions.fork", { session });
    await window.showInformationMessage(`The copy is ${copy.session}.`);
  }
}

interface HunkReport {
  refused?: { hunk: number; reason: string }[];
}

async function takeBack(command: "copydesk.undo" | "copydesk.redo"): Promise<void> {
  const report = await commands.executeCommand<HunkReport | undefined>(command, {});
  for (const { reason } of report?.refused ?? []) {
    void window.showWarningMessage(`Copydesk left a piece alone: ${reason}`);
  }
}

async function trust(): Promise<void> {
  const answer = await commands.executeCommand<{ trusted?: string } | undefined>("copydesk.trust", {});
  if (answer?.trusted) await window.showInformationMessage(answer.trusted);
}
