// The references behind a lens: the server finds them, the workbench shows them beside the code.

import { commands, Position, Uri } from "vscode";
import type { LanguageClient, Location } from "vscode-languageclient/node";

interface Lens {
  uri: string;
  position: { line: number; character: number };
}

/** Shows what the server answered to `copydesk.references`. */
export async function showReferences(client: LanguageClient, lens: Lens, answer: unknown): Promise<void> {
  const found = (answer as { locations?: Location[] } | null)?.locations ?? [];
  await commands.executeCommand(
    "editor.action.showReferences",
    Uri.parse(lens.uri),
    new Position(lens.position.line, lens.position.character),
    found.map((one) => client.protocol2CodeConverter.asLocation(one)),
  );
}
