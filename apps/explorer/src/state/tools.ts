/** What is shown where pictures are: a method, or the continuation. */
import type { MethodSummary } from "../api/api.js";
import type { JsonSchema } from "../form/json-schema.js";

/** A method's name, or the continuation. */
export type Tool = string;

/** The tool that writes on. */
export const generateTool = "generate";

/** The first method that needs no more than a prompt. */
export function firstTool(methods: readonly MethodSummary[]): Tool {
  const simple = methods.find(
    ({ input, options }) =>
      input === "prompts" && ((options as JsonSchema).required ?? []).length === 0,
  );
  return simple?.name ?? generateTool;
}
