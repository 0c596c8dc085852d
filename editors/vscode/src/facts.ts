// What other extensions know, for an agent that asks: `copydesk/facts`. The workbench asks them, we hand on the answer.

import { commands, languages, type Diagnostic, type Location, type Range, type Uri, type WorkspaceEdit } from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

interface Question {
  kind: "references" | "rename" | "diagnostics";
  uri?: string | null;
  position?: { line: number; character: number };
  newName?: string;
}

interface Piece {
  uri: Uri;
  range: Range;
  text: string;
}

export function answerFacts(client: LanguageClient): void {
  client.onRequest("copydesk/facts", async (question: Question) => {
    const files = new Map<string, { range: unknown; text: string }[]>();
    for (const { uri, range, text } of await pieces(client, question)) {
      const key = client.code2ProtocolConverter.asUri(uri);
      const items = files.get(key) ?? [];
      items.push({ range: client.code2ProtocolConverter.asRange(range), text });
      files.set(key, items);
    }
    return { files: [...files].map(([uri, items]) => ({ uri, items })) };
  });
}

async function pieces(client: LanguageClient, question: Question): Promise<Piece[]> {
  const converter = client.protocol2CodeConverter;
  if (question.kind === "diagnostics") {
    const known: [Uri, readonly Diagnostic[]][] = question.uri
      ? [[converter.asUri(question.uri), languages.getDiagnostics(converter.asUri(question.uri))]]
      : languages.getDiagnostics();
    return known.flatMap(([uri, found]) =>
      found
        .filter((one) => one.source !== "copydesk")
        .map(({ range, message, source }) => ({ uri, range, text: source ? `${message} (${source})` : message })),
    );
  }
  if (!question.uri || !question.position) return [];
  const uri = converter.asUri(question.uri);
  const position = converter.asPosition(question.position);
  if (question.kind === "references") {
    const found = await commands.executeCommand<Location[] | undefined>("vscode.executeReferenceProvider", uri, position);
    return (found ?? []).map((one) => ({ uri: one.uri, range: one.range, text: "" }));
  }
  const edit = await commands.executeCommand<WorkspaceEdit | undefined>(
    "vscode.executeDocumentRenameProvider",
    uri,
    position,
    question.newName,
  );
  return (edit?.entries() ?? []).flatMap(([of, edits]) =>
    edits.map((one) => ({ uri: of, range: one.range, text: one.newText })),
  );
}
