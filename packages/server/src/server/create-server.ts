/** A server of models and methods, over HTTP or within the process. */
import {
  checkOptions,
  checkPath,
  checkText,
  checkTexts,
  checkWholeNumber,
  InvalidArgumentError,
  type OptionNames,
} from "@mlxterp/mlx";
import type { LanguageModel } from "@mlxterp/models";
import type { Method } from "@mlxterp/results";
import { agentRules } from "../agent/agent-rules.js";
import type { AgentOptions } from "../agent/serve-agent.js";
import { isLoopback, namesOf } from "../guard/names.js";
import { type App, type Assets, createApp } from "../http/app.js";
import { folderAssets } from "../http/folder-assets.js";
import { type Listening, listen } from "../http/listen.js";
import { limitsWith, type ServerLimits } from "../limits/limits.js";
import { routesOf } from "../routes/routes.js";
import { allMethods } from "../work/all-methods.js";
import { createWorkplace } from "../work/create-workplace.js";
import type { Workplace } from "../work/workplace.js";
import { workplaceRules } from "../work/workplace-rules.js";

/** What a server is made of. */
export interface ServerOptions {
  /** Models that are loaded already; `tiny`, which comes along, is always there. */
  readonly models?: readonly LanguageModel[];
  /** Methods of one's own, beside those that come along. */
  readonly methods?: readonly Method[];
  /** Folders below which models, dictionaries and lenses may be read. Default: none, so that no path is. */
  readonly roots?: readonly string[];
  /** Whether models of the hub may be downloaded. Default: true. */
  readonly downloads?: boolean;
  /** What callers have to show; needed for any address but loopback. */
  readonly token?: string;
  /** Names under which the server may be addressed besides those of its address. */
  readonly names?: readonly string[];
  /** Pages of other sites that may call, such as `http://localhost:5173`. */
  readonly origins?: readonly string[];
  readonly limits?: Partial<ServerLimits>;
  /** What is answered outside `/api`: a folder of files, or a function. */
  readonly assets?: string | Assets;
  /** Whether agents are answered at `/mcp`, and what they may. Default: false. */
  readonly agent?: boolean | Pick<AgentOptions, "write" | "budget">;
  /** Is told of errors that are none of this library's; callers hear only that something failed. */
  readonly onError?: (error: unknown) => void;
}

/** Where a server listens. */
export interface ListenOptions {
  /** Default: 0, any that is free. */
  readonly port?: number;
  /** Default: `127.0.0.1`, which only programs of this machine reach. */
  readonly host?: string;
}

/** A server that may listen, and answers within the process in any case. */
export interface MlxterpServer {
  /** Answers a request, as the socket would. */
  readonly fetch: App;
  /** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is no port, and an address beyond loopback without a token */
  listen(where?: number | ListenOptions): Promise<Listening>;
  /** Ends the work that waits, and removes what is kept. */
  close(): void;
}

/**
 * A server of every method, for any model: routes, OpenAPI and capabilities are read off the methods.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for options that do not exist, and methods of one name
 * @example
 * const server = createServer({ limits: { seconds: 60 } });
 * const { url, close } = await server.listen();
 * const answer = await fetch(`${url}/api/capabilities`);
 * answer.status; // 200
 * await close();
 */
export function createServer(options: ServerOptions = {}): MlxterpServer {
  checkOptions<ServerOptions>("createServer", options, optionNames);
  const limits = limitsWith(options.limits);
  const methods = allMethods(options.methods ?? []);
  const workplace = createWorkplace({ ...options, methods, limits });
  const names = new Set([...namesOf(undefined), ...(options.names ?? [])].map(inLowerCase));
  const { token, assets, origins = [], onError = reportError } = options;
  const fetch = createApp({
    routes: routesOf(workplace),
    workplace,
    guard: { names, origins: new Set(origins), token: checkedToken(token) },
    agent: agentOf(options.agent, workplace, onError),
    assets: typeof assets === "string" ? folderAssets(assets) : assets,
    onError,
  });
  const close = () => {
    workplace.queue.close();
    workplace.tensors.clear();
  };
  return {
    fetch,
    async listen(where = {}) {
      const asked = typeof where === "number" ? { port: where } : where;
      checkOptions<ListenOptions>("listen", asked, listenNames);
      const { port = 0, host = "127.0.0.1" } = asked;
      requireTokenBeyond(host, token);
      for (const name of namesOf(host)) names.add(inLowerCase(name));
      const listening = await listen(fetch, { host, port });
      const closeAll = () => {
        close();
        return listening.close();
      };
      return { ...listening, close: closeAll };
    },
    close,
  };
}

const optionNames: OptionNames<ServerOptions> = {
  ...workplaceRules,
  ...{ names: checkTexts, origins: checkTexts },
  ...{ token: true, assets: checkAssets, agent: checkAgent },
};

const listenNames: OptionNames<ListenOptions> = { port: checkPort, host: checkText };

function checkAgent(argument: string, agent: unknown): void {
  if (typeof agent === "boolean") return;
  checkOptions<Pick<AgentOptions, "write" | "budget">>(argument, agent as object, agentRules);
}

function checkAssets(argument: string, assets: unknown): void {
  if (typeof assets === "function") return;
  checkPath(argument, assets);
}

function checkPort(argument: string, port: unknown): void {
  if (checkWholeNumber(argument, port) <= 65_535) return;
  throw new InvalidArgumentError(argument, port, "ports end at 65535.");
}

/** Loads the protocol's library with the first agent that comes. */
function agentOf(
  agent: ServerOptions["agent"],
  workplace: Workplace,
  onError: (error: unknown) => void,
): Assets | undefined {
  if (!agent) return undefined;
  const settings = { ...(agent === true ? {} : agent), onError };
  let handler: Promise<Assets> | undefined;
  return async (request) => {
    handler ??= import("../agent/serve-agent.js").then((one) =>
      one.agentHandler(workplace, settings),
    );
    return (await handler)(request);
  };
}

function inLowerCase(name: string): string {
  return name.toLowerCase();
}

/** Where nobody listens to errors, they must not be lost: a warning of the process says them. */
function reportError(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}

/** A token that is short is soon guessed. */
const shortest = 16;

function checkedToken(token: string | undefined): string | undefined {
  if (token === undefined || (typeof token === "string" && token.length >= shortest)) return token;
  throw new InvalidArgumentError("token", "…", `must have at least ${shortest} characters.`);
}

function requireTokenBeyond(host: string, token: string | undefined): void {
  if (isLoopback(host) || token !== undefined) return;
  const rule =
    "others than this machine reach it, so that a token is needed: createServer({ token }).";
  throw new InvalidArgumentError("host", host, rule);
}
