/** `mlxterp mcp`: every method as a tool of an agent. */
import type { Method } from "@mlxterp/results";
import { integer, toggle } from "../arguments/options.js";
import {
  listeningOptions,
  servedOptions,
  serveUntilInterrupted,
  servingOptions,
} from "../serving/serving.js";
import type { Command, CommandContext } from "../verbs/command.js";
import { ended } from "./serve.js";

const options = {
  ...servingOptions,
  ...listeningOptions,
  http: toggle("over HTTP, at /mcp, instead of standard input and output"),
  write: toggle("let the agent load models; by default it only reads"),
  characters: integer("how much of a result the agent is shown; default 12000", { minimum: 200 }),
} as const;

type Values = {
  readonly http: boolean;
  readonly write: boolean;
  readonly characters: number | undefined;
};

/** @param methods of the user's own */
export function mcpCommand(methods: readonly Method[]): Command {
  return {
    name: "mcp",
    summary:
      "Offer every method to an agent as a tool (MCP), over standard input and output or HTTP",
    takesPrompt: false,
    options,
    examples: ["", "--http --port 0", "--model Xenova/llama2.c-stories15M --write"],
    async run({ options: values }, context) {
      const { http, write, characters } = values as Values;
      const budget = characters === undefined ? {} : { characters };
      const served = await servedOptions(values as never, methods, context);
      if (!http) return stdio({ ...served, write, budget }, context);
      const { agentLimits } = await import("@mlxterp/server/agent");
      const agent = { ...served, limits: agentLimits, agent: { write, budget } };
      return ended(await serveUntilInterrupted(agent, values as never, context, "/mcp"));
    },
  };
}

type AgentSettings = Parameters<typeof import("@mlxterp/server/agent")["serveAgent"]>[0];

/** Until the agent goes, or somebody interrupts. */
async function stdio(settings: AgentSettings, { signal, protocol }: CommandContext) {
  const { serveAgent } = await import("@mlxterp/server/agent");
  const agent = serveAgent({ ...settings, ...protocol });
  const interrupted = new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await Promise.race([agent.ended, interrupted]);
  await agent.close();
  return ended(undefined);
}
