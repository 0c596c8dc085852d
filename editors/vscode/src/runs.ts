// Which runs are on their way, as the server's events tell. Kept for *Cancel a Run* alone.

import type { LanguageClient } from "vscode-languageclient/node";

interface RunEvent {
  runId: string;
  seq: number;
  event: { type: string; title?: string };
}

const running = new Map<string, string>();

export function watchRuns(client: LanguageClient): void {
  running.clear();
  client.onNotification("copydesk/event", ({ runId, event }: RunEvent) => {
    if (event.type === "run_started") running.set(runId, event.title ?? "ask");
    if (event.type === "run_finished") running.delete(runId);
  });
}

/** The runs on their way, oldest first, each with its title. */
export function runningRuns(): { runId: string; title: string }[] {
  return [...running].map(([runId, title]) => ({ runId, title }));
}
