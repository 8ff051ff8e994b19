/** `mlxterp explore`: the page to look inside models with, for this machine alone. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Method } from "@mlxterp/results";
import { UsageError } from "../arguments/failure.js";
import type { OptionValues } from "../arguments/options.js";
import {
  listeningOptions,
  servedOptions,
  serveUntilInterrupted,
  servingOptions,
  tokenVariable,
} from "../serving/serving.js";
import type { Command } from "../verbs/command.js";
import { ended } from "./serve.js";

const options = { ...servingOptions, port: listeningOptions.port };

type ExploreValues = OptionValues<typeof options>;

/** @param methods of the user's own, which get forms and pictures like the others */
export function exploreCommand(methods: readonly Method[]): Command {
  return {
    name: "explore",
    summary: "Open a page to look inside models, and act where you read",
    takesPrompt: false,
    options,
    examples: ["", "--model Xenova/llama2.c-stories15M", "--port 0 --root ~/models"],
    async run({ options: values }, context) {
      const given = values as ExploreValues;
      const assets = pageFolder();
      const served = await servedOptions(given, methods, context);
      const roots = [context.folder, ...served.roots]; // what lies beside the reader may be opened
      const [model] = served.models;
      const token = context.environment[tokenVariable];
      const fragment = token === undefined ? "" : `#token=${encodeURIComponent(token)}`;
      const path = `/?model=${encodeURIComponent(model?.name ?? "tiny")}${fragment}`;
      const listening = { ...given, host: undefined, name: [] };
      return ended(await serveUntilInterrupted({ ...served, assets, roots }, listening, context, path)); // biome-ignore format: one call
    },
  };
}

/**
 * The page's files: where the workspace builds them, or in the package beside the command.
 *
 * @throws UsageError in a workspace where nothing has been built yet
 */
function pageFolder(): string {
  const isSource = import.meta.url.endsWith(".ts");
  const built = new URL("../../../../../apps/explorer/dist", import.meta.url);
  const folder = isSource ? fileURLToPath(built) : besideCommand(import.meta.url);
  if (existsSync(join(folder, "index.html"))) return folder;
  throw new UsageError("The page of the explorer has not been built. Run: npm run build");
}

/** Built files lie in `dist`, or in a folder of it. */
function besideCommand(url: string): string {
  const folder = dirname(fileURLToPath(url));
  const beside = join(folder, "explorer");
  return existsSync(beside) ? beside : join(dirname(folder), "explorer");
}
