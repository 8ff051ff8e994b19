/** How well a model does a task. */
import type { Result, ResultShape, Table } from "@mlxterp/results";

/** One prompt of a pair. */
export type TaskPromptRow = {
  readonly pair: number;
  /** `clean` or `corrupted`. */
  readonly prompt: string;
  /** Logit of the prompt's own answer − logit of the other one: means where several tokens are right, log probabilities where several follow each other. */
  readonly logitDifference: number;
  /** Probability of the prompt's own answer − that of the other one, summed over tokens where several are right. */
  readonly probabilityDifference: number;
  /** Of the prompt's own answer in the whole vocabulary: the best of several, the worst of a sequence. */
  readonly rank: number;
  readonly probability: number;
  /** What the model puts first. */
  readonly first: string;
};

export type TaskAccuracyTables = {
  readonly prompts: Table<TaskPromptRow>;
  readonly summary: Table<{
    readonly prompt: string;
    /** Share of prompts whose own answer beats the other one, with the 95 % interval over pairs where there are several. */
    readonly prefers: number;
    readonly low?: number;
    readonly high?: number;
    /** Share of prompts whose own answer is first in the whole vocabulary. */
    readonly first: number;
    readonly logitDifference: number;
    readonly probabilityDifference: number;
  }>;
};

export type TaskAccuracyResult = Result<"task", Record<never, never>, TaskAccuracyTables>;

/** What it has at run time. */
export const taskAccuracyShape: ResultShape<TaskAccuracyResult> = {
  method: "task",
  grids: {},
  tables: {
    prompts: {
      pair: "number",
      prompt: "text",
      logitDifference: "number",
      probabilityDifference: "number",
      rank: "number",
      probability: "number",
      first: "text",
    },
    summary: {
      prompt: "text",
      prefers: "number",
      low: ["number", "absent"],
      high: ["number", "absent"],
      first: "number",
      logitDifference: "number",
      probabilityDifference: "number",
    },
  },
};
