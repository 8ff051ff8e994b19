/** Agent tools over standard input and output, and as a handler of requests. */

import type { Readable, Writable } from "node:stream";
import { checkFunction, checkMethods, checkOptions, type OptionNames } from "@mlxterp/mlx";
import type { LanguageModel } from "@mlxterp/models";
import type { Method } from "@mlxterp/results";
import { checkRecord } from "@mlxterp/results/errors";
import { createMcpHandler } from "@modelcontextprotocol/server";
import { StdioServerTransport, serveStdio } from "@modelcontextprotocol/server/stdio";
import { limitsWith, type ServerLimits } from "../limits/limits.js";
import { allMethods } from "../work/all-methods.js";
import { createWorkplace } from "../work/create-workplace.js";
import type { Workplace } from "../work/workplace.js";
import { workplaceRules } from "../work/workplace-rules.js";
import { agentRules } from "./agent-rules.js";
import type { AgentBudget } from "./tool.js";
import { type ToolSettings, toolServer } from "./tool-server.js";
import { wholeLines } from "./whole-lines.js";

/** What the tools of an agent are made of. */
export interface AgentOptions {
  /** Models that are loaded already; `tiny`, which comes along, is always there. */
  readonly models?: readonly LanguageModel[];
  /** Methods of one's own, beside those that come along. */
  readonly methods?: readonly Method[];
  /** Folders below which models, dictionaries and lenses may be read. Default: none. */
  readonly roots?: readonly string[];
  /** Whether models of the hub may be downloaded, where `write` lets any be loaded. Default: true. */
  readonly downloads?: boolean;
  /** Whether the agent may load models. Default: false. */
  readonly write?: boolean;
  readonly budget?: Partial<AgentBudget>;
  readonly limits?: Partial<ServerLimits>;
  /** Is told of errors that are none of this library's. */
  readonly onError: (error: unknown) => void;
  /** Default: those of the process. */
  readonly input?: Readable;
  readonly output?: Writable;
}

/** Agents wait less long than people who read a bar. */
export const agentLimits: Partial<ServerLimits> = {
  seconds: 120,
  tokens: 4096,
  generatedTokens: 512,
};

/** An agent that is being served. */
export interface ServedAgent {
  /** Resolves when the agent has gone. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

const optionNames: OptionNames<AgentOptions> = {
  ...{ ...workplaceRules, ...agentRules },
  input: (argument, stream) => checkMethods(argument, stream, ["on", "once", "pause"], "a stream"),
  output: (argument, stream) => checkMethods(argument, stream, ["write", "once"], "a stream"),
};

/**
 * Serves one agent over standard input and output; nothing else may be written there.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for options that do not exist, and values that they cannot have
 * @example
 * import { PassThrough } from "node:stream";
 * import { serveAgent } from "@mlxterp/server/agent";
 * const [input, output] = [new PassThrough(), new PassThrough()];
 * const agent = serveAgent({ input, output, onError: (error) => console.error(error) });
 * await agent.close();
 */
export function serveAgent(options: AgentOptions): ServedAgent {
  checkOptions<AgentOptions>("serveAgent", options, optionNames);
  checkFunction("onError", options.onError);
  const { methods = [], limits, input = process.stdin, output = process.stdout, ...rest } = options;
  if (limits !== undefined) checkRecord("limits", limits);
  const workplace = createWorkplace({
    ...rest,
    methods: allMethods(methods),
    limits: limitsWith({ ...agentLimits, ...limits }),
  });
  const { bodyBytes } = workplace.limits;
  const lines = input.pipe(wholeLines(bodyBytes, output));
  for (const event of ["close", "error"] as const) input.once(event, () => lines.end());
  const transport = new StdioServerTransport(lines, output, { maxBufferSize: bodyBytes });
  const handle = serveStdio(() => toolServer(workplace, rest, "agent"), {
    transport,
    onerror: () => undefined, // wrong messages are answered; nothing of them is ours to report
  });
  const ended = new Promise<void>((resolve) => {
    for (const event of ["end", "close"] as const) input.once(event, () => resolve());
    output.once("error", () => resolve()); // nobody reads what is answered
  });
  const close = () => {
    input.unpipe(lines);
    return handle.close();
  };
  return { ended, close };
}

/** What is answered at `/mcp`; the door in front of it checks names and tokens. */
export function agentHandler(workplace: Workplace, settings: ToolSettings) {
  const handler = createMcpHandler(
    ({ requestInfo }) => {
      const name = requestInfo?.headers.get("x-mlxterp-client") ?? "";
      return toolServer(workplace, settings, `agent ${name}`.slice(0, 100));
    },
    { maxRequestBodySize: workplace.limits.bodyBytes },
  );
  return (request: Request): Promise<Response> => handler.fetch(request);
}
