/** What the look at a task is asked. */
import type { RunControl } from "@mlxterp/results";
import { z } from "zod";
import { answers, batchSize } from "../shared/schemas.js";

export const taskAccuracyOptions = z.object({
  answer: answers.describe("the clean prompts' answers; one for all, or one each"),
  wrongAnswer: answers.describe("the corrupted prompts' answers"),
  batchSize,
});

/** Options of `taskAccuracy`. */
export type TaskAccuracyOptions = z.input<typeof taskAccuracyOptions> & RunControl;
