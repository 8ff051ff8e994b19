/** `mlxterp attention`: where each head looks, and what kind of head that makes it. */
import { attentionBlocks } from "../attention-blocks.js";
import { defineCommand, promptOptions } from "../command.js";
import { integer } from "../options.js";
import { requirePrompt } from "../prompt.js";

export const attention = defineCommand({
  name: "attention",
  summary: "Attention: where each head looks, and head types on repeated random tokens",
  takesPrompt: true,
  options: {
    ...promptOptions,
    layer: integer("draw the patterns of this layer; negative from the last"),
    head: integer("draw the patterns of this head; negative from the last"),
    seed: integer("of the random tokens for head types; default 0", { minimum: 0 }),
  },
  examples: [
    "'Mary and John went to the park . John gave a ball to'",
    "--layer 2 --head 1",
    "--tokens 2,0,1,1,0,2 --model ./sort-gpt2",
  ],
  async run({ options, prompt }, context) {
    const asked = requirePrompt({ ...options, prompt });
    const model = await context.loadModel();
    const { attentionPatterns, headTypes } = await import("@mlxterp/analysis");
    const { layer, head, seed } = options;
    const patterns = await attentionPatterns(model, context.promptFor(model, asked), {
      ...(layer !== undefined && { layers: [layer] }),
      ...(head !== undefined && { heads: [head] }),
      signal: context.signal,
    });
    const bar = context.progress("head types");
    const control = { signal: context.signal, onProgress: bar.update };
    const types = await headTypes(model, { seed, ...control }).finally(bar.stop);
    const drawn = layer !== undefined || head !== undefined;
    const blocks = attentionBlocks(patterns, types, drawn);
    return {
      data: { patterns, types },
      blocks,
      report: { title: `Attention of ${model.name}`, blocks, provenance: types.provenance },
    };
  },
});
