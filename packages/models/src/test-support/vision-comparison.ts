/** How far classifiers of pictures are from transformers. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { ImageClassifier, loadModel } from "../index.js";
import type { OtherComparison } from "./other-families.js";
import { maxDifference, readActivations } from "./reference.js";
import { referenceFolder } from "./reference-folders.js";

const pattern = "layers.*.selfAttn.pattern";

/** Compares everything that a picture has. */
export async function compareVision(name: string): Promise<OtherComparison> {
  const folder = referenceFolder(name);
  const model = await loadModel(folder, { as: ImageClassifier });
  const { pixels, ...expected } = readActivations(folder);
  const save = ["layers.0.input", "layers.*", pattern, "output"] as const;
  const read = await model.run(pixels, { save });
  const changed = { [pattern]: (x: MxArray) => x };
  const computed = await model.run(pixels, { save: [pattern, "output"], interventions: changed });
  const each = Array.from({ length: model.config.layers }, (_, layer) => layer);
  const inputOf = (layer: number) =>
    layer === 0 ? read.get("layers.0.input") : read.get(`layers.${layer - 1}`);
  const { gradients } = await model.gradients(
    pixels,
    (scores) => mx.subtract(scores.index(0, 0), scores.index(0, 1)),
    { save: "layers.1.input" },
  );
  return {
    hidden: Math.max(
      ...each.map((layer) => maxDifference(inputOf(layer), expected[`hidden.${layer}`])),
    ),
    attention: Math.max(
      ...each.flatMap((layer) =>
        [read, computed].map((cache) =>
          maxDifference(cache.get(`layers.${layer}.selfAttn.pattern`), expected[`attn.${layer}`]),
        ),
      ),
    ),
    logits: Math.max(
      ...[read, computed].map((cache) => maxDifference(cache.get("output"), expected.logits)),
    ),
    gradient: maxDifference(gradients.get("layers.1.input"), expected["grad.hidden.1"]),
  };
}
