// The language client: which program, which files, and the one capability that is ours.

import { workspace } from "vscode";
import {
  LanguageClient,
  RevealOutputChannelOn,
  type ClientCapabilities,
  type FeatureState,
  type StaticFeature,
} from "vscode-languageclient/node";

import { completeAsk } from "./ask";
import { answerFacts } from "./facts";
import { showReferences } from "./references";
import { watchRuns } from "./runs";

export function makeClient(): LanguageClient {
  const command = workspace.getConfiguration("copydesk").get<string>("path", "copydesk");
  const client: LanguageClient = new Client(
    "copydesk",
    "Copydesk",
    { command, args: ["lsp"] },
    {
      documentSelector: [{ scheme: "file" }],
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      middleware: {
        async executeCommand(name, args, next) {
          if (name === "copydesk.references") return showReferences(client, args[0], await next(name, args));
          if (name !== "copydesk.ask") return next(name, args);
          const argument = await completeAsk(client, args[0]);
          return argument && next(name, [argument]);
        },
      },
    },
  );
  client.registerFeature(new Events());
  watchRuns(client);
  answerFacts(client);
  return client;
}

/** Announces that we take `copydesk/event`, and that our *Ask* brings its prompt. */
class Events implements StaticFeature {
  fillClientCapabilities(capabilities: ClientCapabilities): void {
    capabilities.experimental = { ...capabilities.experimental, copydesk: true };
  }
  initialize(): void {}
  getState(): FeatureState {
    return { kind: "static" };
  }
  clear(): void {}
}

/** Leaves it to `extension.ts` to say that the program does not start: one message, with a way out. */
class Client extends LanguageClient {
  private starting = false;

  override async start(): Promise<void> {
    this.starting = true;
    try {
      await super.start();
    } finally {
      this.starting = false;
    }
  }

  override error(message: string, data?: unknown, show?: boolean | "force"): void {
    super.error(message, data, this.starting ? false : show);
  }
}
