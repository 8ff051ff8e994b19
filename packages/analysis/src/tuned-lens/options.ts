/** What a tuned lens is asked: what it is trained on, where it is kept, and what it is compared on. */
import type { ParsedOptions, RunControl } from "@mlxterp/results";
import { z } from "zod";
import { promptLists } from "../shared/schemas.js";
import { trainingOptions } from "./train-options.js";

const { steps, batchSize, learningRate, seed, checkpoint, checkpointEvery } = trainingOptions.shape;

export const tunedLensOptions = z.object({
  lens: z
    .string()
    .min(1)
    .optional()
    .describe("the folder of a lens that is trained already; nothing is trained then")
    .meta({ reads: "files" }),
  texts: promptLists
    .optional()
    .describe("what it is trained on; default the prompts themselves, but for those held out"),
  file: z
    .string()
    .min(1)
    .optional()
    .describe("a file of more texts to train on, one on each line")
    .meta({ reads: "files" }),
  heldOut: z
    .number()
    .min(0)
    .max(0.9)
    .default(0.2)
    .describe("the share of the prompts that is compared on and not trained on; with texts, all"),
  steps,
  batchSize,
  learningRate,
  seed,
  save: z
    .string()
    .min(1)
    .optional()
    .describe("a folder where the lens is kept, for lens --translators")
    .meta({ writes: "files" }),
  format: z
    .enum(["safetensors", "torch"])
    .default("safetensors")
    .describe("how it is kept; torch as tuned lenses are published"),
  checkpoint: checkpoint.meta({ writes: "files" }),
  checkpointEvery,
});

/** Options of `tunedLens`. */
export type TunedLensOptions = z.input<typeof tunedLensOptions> & RunControl;

/** The same with their defaults. */
export type AskedTunedLens = ParsedOptions<typeof tunedLensOptions>;
