/** `mlxterp serve`: every method over HTTP, for programs on this machine. */
import type { Method } from "@mlxterp/results";
import {
  listeningOptions,
  servedOptions,
  serveUntilInterrupted,
  servingOptions,
} from "../serving/serving.js";
import type { Command, Outcome } from "../verbs/command.js";

const options = { ...servingOptions, ...listeningOptions };

/** @param methods of the user's own */
export function serveCommand(methods: readonly Method[]): Command {
  return {
    name: "serve",
    summary: "Serve every method over HTTP: routes, OpenAPI, events; for this machine by default",
    takesPrompt: false,
    options,
    examples: ["", "--model Xenova/llama2.c-stories15M --port 0", "--root ~/models"],
    async run({ options: values }, context) {
      const given = values as never;
      const served = await servedOptions(given, methods, context);
      return ended(await serveUntilInterrupted(served, given, context));
    },
  };
}

/** What is left to say when a server has ended. */
export function ended(data: unknown): Outcome {
  return { data, blocks: [], report: { title: "Server", blocks: [] } };
}
