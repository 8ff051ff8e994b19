/** How far models that read one text and write another are from transformers. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { EncoderDecoderModel, loadModel } from "../index.js";
import type { OtherComparison } from "./other-families.js";
import { maxDifference, readActivations, rows } from "./reference.js";
import { referenceFolder } from "./reference-folders.js";

type Activations = Record<string, MxArray>;

const sides = ["encoder", "decoder"] as const;
const patterns = ["*coder.layers.*.selfAttn.pattern", "decoder.layers.*.crossAttention.pattern"];

/** Compares everything that both texts have. */
export async function compareEncoderDecoder(name: string): Promise<OtherComparison> {
  const folder = referenceFolder(name);
  const model = await loadModel(folder, { as: EncoderDecoderModel });
  const activations = readActivations(folder);
  const { cached, recomputed } = await compareWriting(model, activations);
  return {
    ...(await comparePass(model, activations)),
    padded: await comparePadded(model, activations),
    gradient: await compareGradients(model, activations),
    folded: await compareFolded(model, activations),
    ...{ cached, recomputed },
  };
}

async function compareFolded(model: EncoderDecoderModel, activations: Activations) {
  const folded = await model.folded();
  const args = [{ written: activations.written_ids }];
  const logits = (await folded.run(rows(activations.input_ids), { args })).get("output");
  return maxDifference(logits, activations.logits);
}

async function comparePass(model: EncoderDecoderModel, activations: Activations) {
  const prompt = rows(activations.input_ids);
  const args = [{ written: activations.written_ids }];
  const save = [...sides.flatMap((side) => [`${side}.input`, `${side}.layers.*`, side]), ...patterns, "output"]; // biome-ignore format: a list
  const read = await model.run(prompt, { save, args });
  const interventions = Object.fromEntries(patterns.map((site) => [site, (x: MxArray) => x]));
  const computed = await model.run(prompt, { save: [...patterns, "output"], args, interventions });
  const states = sides.flatMap((side) => {
    const { length } = model.module[side].layers;
    const at = (layer: number) => `${side}.hidden.${layer}`;
    const layers = Array.from({ length: length - 1 }, (_, layer) => [`${side}.layers.${layer}`, at(layer + 1)]); // biome-ignore format: a list
    return [[`${side}.input`, at(0)], ...layers, [side, at(length)]];
  });
  const weights = Object.entries(activations).flatMap(([key, expected]) => {
    const [, side, layer] = /^(encoder|decoder|cross)\.attn\.(\d+)$/.exec(key) ?? [];
    if (!side) return [];
    const site = side === "cross" ? `decoder.layers.${layer}.crossAttention` : `${side}.layers.${layer}.selfAttn`; // biome-ignore format: two names
    return [read, computed].map((cache) => maxDifference(cache.get(`${site}.pattern`), expected));
  });
  return {
    hidden: Math.max(
      ...states.map(([site, key]) => maxDifference(read.get(site), activations[key])),
    ),
    attention: Math.max(...weights),
    logits: Math.max(
      ...[read, computed].map((cache) => maxDifference(cache.get("output"), activations.logits)),
    ),
  };
}

async function comparePadded(model: EncoderDecoderModel, activations: Activations) {
  const mask = rows(activations.padded_mask);
  const prompts = rows(activations.padded_input_ids).map((ids, row) =>
    ids.slice(0, mask[row].filter((real) => real === 1).length),
  );
  const cache = await model.run(prompts, { args: [{ written: activations.written_ids }] });
  return maxDifference(cache.get("output"), activations.padded_logits);
}

async function compareGradients(model: EncoderDecoderModel, activations: Activations) {
  const save = sides.map((side) => `${side}.layers.0`);
  const { gradients } = await model.gradients(
    rows(activations.input_ids),
    (logits) => mx.subtract(logits.index(0, -1, 5), logits.index(0, -1, 7)),
    { save, args: [{ written: activations.written_ids }] },
  );
  return Math.max(
    ...sides.map((side, index) =>
      maxDifference(gradients.get(save[index]), activations[`grad.${side}.hidden.1`]),
    ),
  );
}

/** Greedy texts, with a cache and without. */
async function compareWriting(model: EncoderDecoderModel, activations: Activations) {
  const prompt = rows(activations.input_ids).slice(1);
  const [[start, ...expected]] = rows(activations.generated);
  const options = { maxTokens: expected.length, ignoreEos: true };
  const { tokens } = await model.generateText(prompt, options);
  const text = [start];
  while (text.length <= expected.length) {
    const written = mx.array([text], mx.int32);
    const logits = (await model.run(prompt, { args: [{ written }] })).get("output");
    text.push(Number(mx.argmax(logits.index(0, -1)).item()));
  }
  return {
    cached: tokens.join() === expected.join(),
    recomputed: text.slice(1).join() === expected.join(),
  };
}
