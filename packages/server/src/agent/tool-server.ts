/** Tools behind the protocol of agents (MCP), by its official SDK. */
import {
  McpServer,
  type ServerContext,
  type StandardSchemaWithJSON,
} from "@modelcontextprotocol/server";
import { problemOf } from "../http/problem.js";
import { parseRequest } from "../schemas/parse-request.js";
import { serverVersion } from "../version.js";
import type { Workplace } from "../work/workplace.js";
import { methodTool } from "./method-tool.js";
import { modelTools } from "./model-tools.js";
import type { AgentBudget, AgentTool } from "./tool.js";

export interface ToolSettings {
  /** Whether tools may be called that change something: loading models. Default: false. */
  readonly write?: boolean;
  readonly budget?: Partial<AgentBudget>;
  /** Is told of errors that are none of this library's. */
  readonly onError: (error: unknown) => void;
}

/** Every tool that may be called. */
function toolsOf({ methods }: Workplace, write: boolean): AgentTool[] {
  return [...modelTools, ...methods.map(methodTool)].filter(({ readOnly }) => readOnly || write);
}

const instructions =
  "Tools that take language models apart. Start with list_models and read_tokens; methods take { model, input, options, interventions }. Interventions are data, by site.";

/** @param client who asks: callers take turns */
export function toolServer(
  workplace: Workplace,
  settings: ToolSettings,
  client: string,
): McpServer {
  const server = new McpServer({ name: "mlxterp", version: serverVersion() }, { instructions });
  for (const tool of toolsOf(workplace, settings.write === true)) {
    const { name, title, description, jsonSchema, readOnly } = tool;
    const annotations = {
      readOnlyHint: readOnly,
      destructiveHint: false,
      openWorldHint: !readOnly,
    };
    const config = { title, description, annotations, inputSchema: schemaOf(jsonSchema) };
    server.registerTool(name, config, (given, context) =>
      callTool(tool, given, { workplace, settings, client, context }),
    );
  }
  return server;
}

/** Arguments are held by the tool itself, whose refusals name the part and the rule. */
function schemaOf(jsonSchema: Record<string, unknown>): StandardSchemaWithJSON<unknown> {
  const json = () => ({ ...jsonSchema, type: "object" as const });
  return {
    "~standard": {
      version: 1,
      vendor: "mlxterp",
      validate: (value) => ({ value }),
      jsonSchema: { input: json, output: json },
    },
  };
}

interface Surroundings {
  readonly workplace: Workplace;
  readonly settings: ToolSettings;
  readonly client: string;
  readonly context: ServerContext;
}

async function callTool(tool: AgentTool, given: unknown, around: Surroundings) {
  const { workplace, settings, client, context } = around;
  const { signal } = context.mcpReq;
  const budget = { characters: 12_000, ...settings.budget };
  try {
    const held = parseRequest(tool.schema, given ?? {}) as never;
    const caller = { client, signal, mayLoad: settings.write === true };
    return { content: [...(await tool.call(held, { workplace, caller, budget }))] };
  } catch (error) {
    signal.throwIfAborted();
    const { code, detail } = problemOf(error);
    if (code === "INTERNAL") settings.onError(error);
    return { isError: true, content: [{ type: "text" as const, text: `${code}: ${detail}` }] };
  }
}
