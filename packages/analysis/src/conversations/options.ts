/** What a conversation is asked, turn by turn. */
import type { ParsedOptions, RunControl } from "@mlxterp/results";
import { readOnly } from "@mlxterp/results";
import { z } from "zod";
import { answers, indices } from "../shared/schemas.js";

const span = z.object({ start: z.int().min(0), end: z.int().min(1) });

export const messageList = readOnly(
  z.array(z.looseObject({ role: z.string().min(1), content: z.string() })).min(1),
);

export const turnOptions = z.object({
  messages: messageList
    .optional()
    .describe("what was said, { role, content } each, written with the model's chat template"),
  file: z
    .string()
    .min(1)
    .optional()
    .describe("a JSON file of such messages; or of { messages, against }")
    .meta({ reads: "files" }),
  turns: readOnly(
    z.array(span.extend({ role: z.string().min(1), content: span.optional() })).min(1),
  )
    .optional()
    .describe("where the turns of a prompt of token ids are, { role, start, end } each"),
  ends: z
    .string()
    .min(1)
    .optional()
    .describe("a token that ends a turn, for prompts that no template wrote"),
  parts: z
    .enum(["all", "content"])
    .default("all")
    .describe("whole turns, or only what was said in them"),
  answer: answers
    .optional()
    .describe("what comes next: how much it loses when turns no longer see each other"),
  wrongAnswer: answers.optional().describe("what else could come, to compare with"),
  against: z
    .union([z.string().min(1), readOnly(z.array(z.int().min(0)).min(1)), messageList])
    .optional()
    .describe("a conversation of as many tokens: this one's turns are patched into it"),
  layers: indices.optional().describe("layers in which attention is cut; default all"),
  topK: z.int().min(1).default(3).describe("tokens that the lens lists after each turn"),
});

/** Options of `turnByTurn`. */
export type TurnOptions = z.input<typeof turnOptions> & RunControl;

/** The same with their defaults. */
export type AskedTurns = ParsedOptions<typeof turnOptions>;
