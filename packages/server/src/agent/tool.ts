/** A tool of an agent as data: its name, what it takes, and what it does. */
import type { z } from "zod";
import type { Caller } from "../work/caller.js";
import type { Workplace } from "../work/workplace.js";

/** What an agent reads: text, and pictures. */
export type ToolContent =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "image"; readonly data: string; readonly mimeType: "image/png" };

export interface ToolCall {
  readonly workplace: Workplace;
  readonly caller: Caller;
  readonly budget: AgentBudget;
}

/** How much of a result an agent is shown. */
export interface AgentBudget {
  /** Characters of text. Default: 12,000. */
  readonly characters: number;
}

export interface AgentTool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Holds the arguments. */
  readonly schema: z.ZodType;
  /** What the agent is told they are. */
  readonly jsonSchema: Record<string, unknown>;
  /** Whether it leaves everything as it was. */
  readonly readOnly: boolean;
  call(given: never, call: ToolCall): Promise<readonly ToolContent[]>;
}

/** Types a tool by its own schema. */
export function defineTool<S extends z.ZodType>(
  tool: Omit<AgentTool, "schema" | "call"> & {
    readonly schema: S;
    call(given: z.output<S>, call: ToolCall): Promise<readonly ToolContent[]>;
  },
): AgentTool {
  return tool as unknown as AgentTool;
}

/** A text as content. */
export function said(text: string): readonly ToolContent[] {
  return [{ type: "text", text }];
}
