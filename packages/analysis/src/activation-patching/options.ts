/** What activation patching is asked. */
import type { ParsedOptions, RunControl } from "@mlxterp/results";
import { z } from "zod";
import { patchKinds } from "../patching/kinds.js";
import { answers, anyMetric, indices, promptLists, wordOrWords } from "../shared/schemas.js";

export const patchingOptions = z
  .object({
    answer: answers.describe("the clean prompt's answer; one for all pairs, or one each"),
    wrongAnswer: answers.optional().describe("the corrupted prompt's answer, to compare with"),
    kinds: wordOrWords(patchKinds)
      .default("residual")
      .describe(
        "what is patched: the residual stream before a layer or amid it, what attention, a mixer or the MLP adds, single heads and what they read, neurons, experts",
      ),
    direction: z
      .enum(["denoising", "noising"])
      .optional()
      .describe("into the corrupted run, or into the clean one; default denoising from the other prompt, else noising"), // biome-ignore format: one sentence
    source: z
      .enum(["prompt", "zero", "mean", "resample"])
      .default("prompt")
      .describe("what takes the place: the other prompt's, zero, the mean over reference prompts, or one of these after the other"), // biome-ignore format: one sentence
    reference: promptLists
      .optional()
      .describe("prompts for the mean, by default those of all pairs, or to resample from"),
    eachPosition: z
      .boolean()
      .default(false)
      .describe("whether every position has a mean of its own over the reference, not one for all"),
    metric: anyMetric,
    layers: indices.optional().describe("layers to patch, negative from the last; default all"),
    positions: z
      .union([z.enum(["each", "all"]), indices])
      .optional()
      .describe("each by itself, all at once, or these; default each of streams, else all"),
    heads: indices.optional().describe("heads to patch; default all"),
    ungrouped: z
      .boolean()
      .default(false)
      .describe("whether heads that share keys and values are patched one by one, each with a copy of its own"), // biome-ignore format: one sentence
    neurons: indices.optional().describe("neurons to patch, which are too many to be tried all by default"), // biome-ignore format: one sentence
    experts: indices.optional().describe("experts to patch; default all"),
    maxRows: z
      .int()
      .min(1)
      .optional()
      .describe("patched runs in one pass; default what fits 128 MiB"),
  })
  .superRefine((options, context) => {
    const kinds: readonly string[] = [options.kinds].flat();
    const refuse = (path: string, message: string) =>
      context.addIssue({ code: "custom", path: [path], message });
    const needs = (name: "heads" | "neurons" | "experts" | "ungrouped", own: readonly string[]) => {
      if (!options[name] || kinds.some((kind) => own.includes(kind))) return;
      const some = own.map((kind) => `"${kind}"`).join(", ");
      refuse(name, `${name} belongs to the kinds ${some}, but kinds is ${JSON.stringify(options.kinds)}; name one of them too, or leave ${name} out.`); // biome-ignore format: one call
    };
    needs("heads", ["head", "query", "key", "value", "pattern"]);
    needs("ungrouped", ["key", "value"]);
    needs("neurons", ["neuron"]);
    needs("experts", ["expert"]);
    if (kinds.includes("neuron") && !options.neurons) {
      refuse("neurons", 'kind "neuron" needs neurons: one run each for all of a layer is seldom meant; name them, or attribute first.'); // biome-ignore format: one call
    }
    const { source, reference, eachPosition } = options;
    if (reference && source !== "mean" && source !== "resample") {
      refuse("reference", `reference is for the sources "mean" and "resample", and source is "${source}"; leave one of the two out.`); // biome-ignore format: one call
    }
    if (source === "resample" && !reference) {
      refuse("reference", 'source "resample" draws from reference prompts; give reference.');
    }
    if (eachPosition && source !== "mean") {
      refuse("eachPosition", `eachPosition is for the source "mean", and source is "${source}"; leave one of the two out.`); // biome-ignore format: one call
    }
    if (source === "zero" && kinds.includes("expert")) {
      refuse("source", 'a zero says nothing of an expert, whose score it is; take "prompt", "mean" or "resample".'); // biome-ignore format: one call
    }
    if (source === "mean" && !eachPosition && kinds.includes("pattern")) {
      refuse("kinds", 'a pattern has no mean over positions, whose keys differ; take eachPosition, or another source.'); // biome-ignore format: one call
    }
  });

/** Options of `activationPatching`. */
export type PatchingOptions = z.input<typeof patchingOptions> & RunControl;

/** The same with their defaults. */
export type AskedPatching = ParsedOptions<typeof patchingOptions>;
