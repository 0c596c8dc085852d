// Which runs are on their way, as the server's events tell, for *Cancel a Run*; and what came of each.

import { window } from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

interface RunEvent {
  runId: string;
  seq: number;
  event: { type: string; title?: string; text?: string; error?: string | null };
}

const running = new Map<string, string>();

export function watchRuns(client: LanguageClient): void {
  running.clear();
  client.onNotification("copydesk/event", ({ runId, event }: RunEvent) => {
    if (event.type === "run_started") running.set(runId, event.title ?? "ask");
    if (event.type === "run_finished") {
      running.delete(runId);
      sayOutcome(event);
    }
  });
}

/** The runs on their way, oldest first, each with its title. */
export function runningRuns(): { runId: string; title: string }[] {
  return [...running].map(([runId, title]) => ({ runId, title }));
}

/** What nothing else shows: an error, or an answer too short for the server to open as a file. */
function sayOutcome({ text = "", error }: RunEvent["event"]): void {
  const answer = text.trim();
  if (error) void window.showErrorMessage(`Copydesk: ${error}`);
  else if (answer && answer.length <= 240 && answer.split("\n").length <= 3) void window.showInformationMessage(answer);
}
