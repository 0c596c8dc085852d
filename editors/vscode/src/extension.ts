// Copydesk in VS Code: starts the server and shows what it sends. Nothing is decided here.
//
// `client.ts` makes the language client, `ask.ts` fills in what only an editor knows of an ask, `runs.ts` remembers which
// runs are on their way, `commands.ts` has the commands of the palette. All of them are named `copydesk.ui.*`: the
// language client registers the server's own commands, `copydesk.*`.

import { commands, window, workspace, type ExtensionContext } from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { makeClient } from "./client";
import { registerCommands } from "./commands";

let client: LanguageClient | undefined;

export async function activate(context: ExtensionContext): Promise<void> {
  registerCommands(context, () => client, restart);
  context.subscriptions.push(
    workspace.onDidChangeConfiguration(async (change) => {
      if (change.affectsConfiguration("copydesk.path")) await restart();
    }),
  );
  await start();
}

export async function deactivate(): Promise<void> {
  const ending = client;
  client = undefined;
  await ending?.dispose();
}

async function start(): Promise<void> {
  const made = makeClient();
  client = made;
  try {
    await made.start();
  } catch (error) {
    client = undefined;
    await sayWhyNot(error);
  }
}

async function restart(): Promise<void> {
  try {
    await deactivate();
  } finally {
    await start();
  }
}

async function sayWhyNot(error: unknown): Promise<void> {
  const path = workspace.getConfiguration("copydesk").get<string>("path", "copydesk");
  const why = error instanceof Error ? error.message : String(error);
  const what = why.includes("ENOENT") ? `'${path}' was not found.` : `'${path}' does not start: ${why}.`;
  const settings = "Open Settings";
  const chosen = await window.showErrorMessage(
    `Copydesk: ${what} Install it, or set copydesk.path to where it is.`,
    settings,
  );
  if (chosen === settings) await commands.executeCommand("workbench.action.openSettings", "copydesk.path");
}
