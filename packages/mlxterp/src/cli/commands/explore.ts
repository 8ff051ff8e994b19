/** `mlxterp explore`: the page to look inside models with, served on this machine alone. */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Method } from "@mlxterp/results";
import type { Listening } from "@mlxterp/server";
import { UsageError } from "../arguments/failure.js";
import { modelOptions } from "../arguments/model-options.js";
import { integer, texts, toggle } from "../arguments/options.js";
import { paragraph } from "../blocks/blocks.js";
import { type Command, type CommandContext, defineCommand } from "../verbs/command.js";

/** Always the same, where it is free: browsers keep a page's history by its address. */
const usualPort = 4747;

/** @param own methods of the user's own, which get forms and pictures like the others */
export function exploreCommand(own: readonly Method[]): Command {
  return defineCommand({
    name: "explore",
    summary: "Open a page to look inside models, and act where you read",
    takesPrompt: false,
    options: {
      ...modelOptions,
      port: integer(`where it listens; default ${usualPort}, or any that is free`, { minimum: 0, maximum: 65535 }), // biome-ignore format: one option
      root: texts("a folder whose models may be opened from the page, besides this one", "folder"),
      debug: toggle("show where an error comes from"),
    },
    examples: ["", "--model Xenova/llama2.c-stories15M", "--port 8080 --root ~/models"],
    async run({ options }, context) {
      const page = pageFolder();
      const { createServer } = await import("@mlxterp/server");
      const model = await context.loadModel();
      const server = createServer({
        assets: page,
        methods: own,
        downloads: !options.offline,
        roots: [context.folder, ...options.root.map((folder) => resolve(context.folder, folder))],
        ...(model.name !== "tiny" && { models: [model] }),
      });
      const { url, close } = await listenWith(server.listen, options.port, context);
      const address = `${url}/?model=${encodeURIComponent(model.name)}`;
      context.print(paragraph(`${address}\nOpen it in a browser; Ctrl-C ends it.`));
      await untilAborted(context.signal);
      await close();
      return { data: { url }, blocks: [], report: { title: "Explorer", blocks: [] } };
    },
  });
}

type Listen = (port: number) => Promise<Listening>;

async function listenWith(
  listen: Listen,
  asked: number | undefined,
  { warn }: CommandContext,
): Promise<Listening> {
  try {
    return await listen(asked ?? usualPort);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    if (asked !== undefined)
      throw new UsageError(`--port ${asked} is taken; choose another, or 0.`);
    warn(`port ${usualPort} is taken, so the page begins without the history that it has there`);
    return listen(0);
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    signal.addEventListener("abort", () => done(), { once: true });
  });
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
