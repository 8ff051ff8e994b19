/** What training a tuned lens is told. */
import type { RunControl } from "@mlxterp/results";
import { z } from "zod";

export const trainingOptions = z.object({
  steps: z.int().min(1).default(250).describe("updates of every translator"),
  batchSize: z.int().min(1).default(8).describe("prompts in one step"),
  learningRate: z
    .number()
    .positive()
    .default(1e-3)
    .describe("at the start; it falls to 0 in a line"),
  seed: z.int().min(0).default(0).describe("of the order of prompts"),
  checkpoint: z
    .string()
    .min(1)
    .optional()
    .describe("a folder where the state is kept; training goes on from what is there"),
  checkpointEvery: z.int().min(1).default(50).describe("steps between two checkpoints"),
});

/** Options of `trainTunedLens`. */
export type TunedLensTraining = z.input<typeof trainingOptions> &
  Omit<RunControl, "onProgress"> & {
    /** Called after each step with the loss of every depth, in nats. */
    readonly onProgress?: (progress: TunedLensProgress) => void;
  };

/** How far training has come. */
export interface TunedLensProgress {
  readonly done: number;
  readonly total: number;
  readonly stage: string;
  /** KL(final ‖ lens) of the step's prompts before its update, by depth. */
  readonly losses: readonly number[];
}
