/** What a method is given, as JSON: prompts, conversations, pairs, and tasks by name or written out. */
import type { InputKind } from "@mlxterp/results";
import { z } from "zod";

const ids = z.array(z.int().min(0)).min(1);

/** A turn of a conversation; templates may read further fields. */
export const messageSchema = z.looseObject({ role: z.string().min(1), content: z.string() });

export type Message = z.infer<typeof messageSchema>;

const conversation = z.array(messageSchema).min(1);

/** One prompt: a text, token ids, or a conversation, which the model's template writes out. */
export const promptSchema = z
  .union([z.string(), ids, conversation])
  .describe("a text, token ids, or the messages of a conversation");

export type OnePrompt = z.infer<typeof promptSchema>;

/** One prompt or several. */
const promptsSchema = z
  .union([z.string(), ids, conversation, z.array(z.string()).min(1), z.array(ids).min(1)])
  .describe("a text, token ids, the messages of a conversation, or a list of texts or of ids");

export type Prompts = z.infer<typeof promptsSchema>;

const span = z.union([z.string().min(1), z.tuple([z.int().min(0), z.int().min(1)])]);
const spans = z.array(z.strictObject({ clean: span, corrupted: span }));

const pairSchema = z.strictObject({
  clean: promptsSchema,
  corrupted: promptsSchema,
  spans: z.union([spans, z.array(spans)]).optional(),
});

const namedTask = z.strictObject({
  task: z.string().min(1).describe("a task that comes along, such as ioi"),
  size: z.int().min(1).max(1000).optional().describe("how many of its pairs; default 8"),
  seed: z.int().min(0).optional().describe("of the draw of its pairs; default 0"),
});

/** One pair with its answers; what an answer may be is said by the methods' options. */
const taskPair = z.looseObject({ clean: z.unknown(), corrupted: z.unknown() });

const writtenTask = z.strictObject({
  pairs: z
    .array(taskPair)
    .min(1)
    .describe("pairs with answer and wrongAnswer, as in a task's file"),
});

const pairsSchema = z
  .union([pairSchema, namedTask, writtenTask])
  .describe("a clean and a corrupted prompt, a task by name, or a task's pairs");

export type Pairs = z.infer<typeof pairsSchema>;

/** By the word that methods say what they take with. */
export const inputSchemas = {
  prompts: promptsSchema,
  pairs: pairsSchema,
  none: promptsSchema.nullable().optional(),
} satisfies Readonly<Record<InputKind, z.ZodType>>;

/** What a method of a kind of input is sent. */
export type WireInput<I extends InputKind> = z.input<(typeof inputSchemas)[I]>;
