/** How far models that compare texts with pictures are from transformers. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { ImageTextModel, loadModel } from "../index.js";
import type { OtherComparison } from "./other-families.js";
import { maxDifference, readActivations, rows } from "./reference.js";
import { referenceFolder } from "./reference-folders.js";

const sides = ["text", "vision"] as const;
const patterns = sides.map((side) => `${side}.layers.*.selfAttn.pattern`);
/** Our sites, and what they are compared with. */
const vectors = [
  ...[
    ["text", "text.projected"],
    ["vision", "vision.projected"],
  ],
  ...[
    ["textEmbedding", "text_embeds"],
    ["imageEmbedding", "image_embeds"],
  ],
];

/** Compares everything that texts and pictures have. */
export async function compareImageText(name: string): Promise<OtherComparison> {
  const folder = referenceFolder(name);
  const model = await loadModel(folder, { as: ImageTextModel });
  const { pixels, ...expected } = readActivations(folder);
  const texts = rows(expected.input_ids);
  const args = [{ pixels }];
  const save = [
    ...sides.flatMap((side) => [`${side}.layers.0.input`, `${side}.layers.*`]),
    ...[...patterns, ...vectors.map(([site]) => site), "output"],
  ];
  const read = await model.run(texts, { save, args });
  const interventions = Object.fromEntries(patterns.map((site) => [site, (x: MxArray) => x]));
  const computed = await model.run(texts, { save: [...patterns, "output"], args, interventions });
  const of = (kind: "hidden" | "attn") =>
    Object.entries(expected).flatMap(([key, value]) => {
      const [, side, layer] = new RegExp(`^(text|vision)\\.${kind}\\.(\\d+)$`).exec(key) ?? [];
      return side ? [{ side, layer: Number(layer), value }] : [];
    });
  const states = of("hidden").map(({ side, layer, value }) => {
    const site = layer === 0 ? `${side}.layers.0.input` : `${side}.layers.${layer - 1}`;
    return maxDifference(read.get(site), value);
  });
  const embeddings = vectors.map(([site, key]) => maxDifference(read.get(site), expected[key]));
  const weights = of("attn").flatMap(({ side, layer, value }) =>
    [read, computed].map((cache) =>
      maxDifference(cache.get(`${side}.layers.${layer}.selfAttn.pattern`), value),
    ),
  );
  return {
    hidden: Math.max(...states, ...embeddings),
    attention: Math.max(...weights),
    logits: Math.max(
      ...[read, computed].map((cache) => maxDifference(cache.get("output"), expected.logits)),
    ),
    padded: await comparePadded(model, pixels, expected),
    gradient: await compareGradients(model, pixels, expected),
  };
}

type Activations = Record<string, MxArray>;

async function comparePadded(model: ImageTextModel, pixels: MxArray, expected: Activations) {
  const mask = rows(expected.padded_mask);
  const texts = rows(expected.padded_input_ids).map((ids, row) =>
    ids.slice(0, mask[row].filter((real) => real === 1).length),
  );
  const cache = await model.run(texts, { args: [{ pixels }] });
  return maxDifference(cache.get("output"), expected.padded_logits);
}

async function compareGradients(model: ImageTextModel, pixels: MxArray, expected: Activations) {
  const save = sides.map((side) => `${side}.layers.0`);
  const { gradients } = await model.gradients(
    rows(expected.input_ids),
    (logits) => mx.subtract(logits.index(0, 0), logits.index(0, 1)),
    { save, args: [{ pixels }] },
  );
  return Math.max(
    ...sides.map((side, index) =>
      maxDifference(gradients.get(save[index]), expected[`grad.${side}.hidden.1`]),
    ),
  );
}
