/** Options of verbs that serve, and a server from them. */
import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import type { Method } from "@mlxterp/results";
import type { ServerOptions } from "@mlxterp/server";
import { UsageError } from "../arguments/failure.js";
import { modelOptions } from "../arguments/model-options.js";
import {
  integer,
  type OptionTable,
  type OptionValues,
  text,
  texts,
  toggle,
} from "../arguments/options.js";
import type { CommandContext } from "../verbs/command.js";

/** Of everything that serves. */
export const servingOptions = {
  ...modelOptions,
  root: texts("a folder below which models, dictionaries and lenses may be read", "folder"),
  debug: toggle("show where an error comes from"),
} satisfies OptionTable;

/** Of everything that listens. */
export const listeningOptions = {
  port: integer("where to listen; default 8017, 0 for any that is free", {
    minimum: 0,
    maximum: 65535,
  }),
  host: text("another address than this machine's own; callers then need a token", "address"),
  name: texts("a further name under which the server is addressed", "name"),
} satisfies OptionTable;

type ServingValues = OptionValues<typeof servingOptions>;
type ListeningValues = OptionValues<typeof listeningOptions>;

/** What a server is made of, from the command line. */
export async function servedOptions(
  { root, offline }: ServingValues,
  methods: readonly Method[],
  { folder, warn, loadModel }: CommandContext,
) {
  return {
    methods,
    models: [await loadModel()],
    roots: root.map((one) => resolve(folder, one)),
    downloads: !offline,
    onError: (error: unknown) =>
      warn(error instanceof Error ? (error.stack ?? error.message) : String(error)),
  } satisfies ServerOptions;
}

/** The variable that a token is read from: on a command line, everybody on the machine would see it. */
export const tokenVariable = "MLXTERP_TOKEN";

/**
 * Serves until it is interrupted.
 *
 * @param path of the address that is shown, such as `/mcp`
 * @throws UsageError for a port that is taken
 */
export async function serveUntilInterrupted(
  options: ServerOptions,
  { port = 8017, host, name }: ListeningValues,
  context: CommandContext,
  path = "",
): Promise<{ readonly url: string }> {
  const { isLoopback, createServer } = await import("@mlxterp/server"); // loads the binding
  const beyond = host !== undefined && !isLoopback(host);
  const token =
    context.environment[tokenVariable] ??
    (beyond ? randomBytes(18).toString("base64url") : undefined);
  const server = createServer({ ...options, names: name, ...(token !== undefined && { token }) });
  const listening = await server
    .listen({ port, ...(host !== undefined && { host }) })
    .catch(refused);
  const url = `${listening.url}${path}`;
  context.write(`Serving at ${url} (Ctrl-C ends).\n`);
  if (token !== undefined && context.environment[tokenVariable] === undefined) {
    context.write(`Callers need this token: ${token}\n`);
  }
  await interruption(context.signal);
  await listening.close();
  return { url };
}

function refused(error: unknown): never {
  const { code, port, hostname, address } = error as NodeJS.ErrnoException & Record<"port" | "hostname" | "address", unknown>; // biome-ignore format: one line
  if (/^(ENOTFOUND|EAI_AGAIN|EADDRNOTAVAIL|EINVAL)$/.test(code ?? "")) {
    throw new UsageError(`--host ${hostname ?? address}: this machine has no such address.`, { cause: error }); // biome-ignore format: one line
  }
  if (code !== "EADDRINUSE" && code !== "EACCES") throw error;
  const why = code === "EACCES" ? "may not be listened at" : "is taken";
  throw new UsageError(`The port ${port} ${why}; name another with --port, or 0 for any.`, {
    cause: error,
  });
}

function interruption(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
