// An ask, filled in with what only the editor knows: the prompt, and what other language servers found in the file.

import { languages, Uri, window } from "vscode";
import type { Diagnostic, LanguageClient, Range } from "vscode-languageclient/node";

/** The one argument of `copydesk.ask`. */
export interface Ask {
  uri: string;
  range: Range;
  prompt?: string;
  action?: string;
  agent?: string;
  model?: string;
  session?: string;
  /** The line of the `ask:` comment that has the words. */
  comment?: number;
  diagnostics?: Diagnostic[];
}

/** The same ask with its prompt and diagnostics, or nothing if the person wrote no prompt. */
export async function completeAsk(client: LanguageClient, ask: Ask): Promise<Ask | undefined> {
  const prompt = wantsPrompt(ask) ? await askForPrompt() : ask.prompt;
  if (wantsPrompt(ask) && !prompt) return undefined;
  return { ...ask, prompt, diagnostics: await othersFindings(client, ask.uri) };
}

function wantsPrompt({ prompt, comment, action = "ask" }: Ask): boolean {
  return prompt === undefined && comment === undefined && action === "ask";
}

async function askForPrompt(): Promise<string | undefined> {
  const prompt = await window.showInputBox({
    title: "Ask Copydesk",
    prompt: "About the selected code; the answer comes as text, or as edits that you allow first.",
    placeHolder: "What should happen here?",
    ignoreFocusOut: true,
  });
  return prompt?.trim();
}

function othersFindings(client: LanguageClient, uri: string): Promise<Diagnostic[]> {
  const found = languages.getDiagnostics(Uri.parse(uri)).filter((one) => one.source !== "copydesk");
  return client.code2ProtocolConverter.asDiagnostics(found);
}
