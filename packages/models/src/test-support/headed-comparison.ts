/** How far classifiers and embedding models are from transformers and sentence-transformers. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { EmbeddingModel, loadModel, SequenceClassifier, TokenClassifier } from "../index.js";
import type { OtherComparison } from "./other-families.js";
import { maxDifference, readActivations, rows } from "./reference.js";
import { referenceFolder } from "./reference-folders.js";

type Activations = Record<string, MxArray>;
type Headed = SequenceClassifier | TokenClassifier | EmbeddingModel;

/** @param name of a reference checkpoint, such as `llama/sequence` */
function loadHeaded(name: string): Promise<Headed> {
  const folder = referenceFolder(name);
  if (/\/sequence/.test(name)) return loadModel(folder, { as: SequenceClassifier });
  if (/\/token/.test(name)) return loadModel(folder, { as: TokenClassifier });
  return loadModel(folder, { as: EmbeddingModel });
}

const pattern = "layers.*.selfAttn.pattern";

/** Compares everything. */
export async function compareHeaded(name: string): Promise<OtherComparison> {
  const model = await loadHeaded(name);
  const activations = readActivations(referenceFolder(name));
  const ids = rows(activations.input_ids);
  const { layers } = model.anatomy;
  const save = ["layers.0.input", "layers.*", pattern, "output"] as const;
  const read = await model.run(ids, { save });
  const changed = { [pattern]: (x: MxArray) => x };
  const computed = await model.run(ids, { save: [pattern, "output"], interventions: changed });
  const each = Array.from({ length: layers }, (_, layer) => layer);
  const inputs = each.map((layer) =>
    maxDifference(
      layer === 0 ? read.get("layers.0.input") : read.get(`layers.${layer - 1}`),
      activations[`hidden.${layer}`],
    ),
  );
  const outputs = [read, computed];
  return {
    hidden: Math.max(...inputs),
    attention: Math.max(
      ...each.flatMap((layer) =>
        outputs.map((cache) =>
          maxDifference(
            cache.get(`layers.${layer}.selfAttn.pattern`),
            activations[`attn.${layer}`],
          ),
        ),
      ),
    ),
    logits: Math.max(
      ...outputs.map((cache) => maxDifference(cache.get("output"), activations.logits)),
    ),
    padded: await comparePadded(model, activations),
    gradient: await compareGradient(model, activations),
  };
}

async function comparePadded(model: Headed, activations: Activations): Promise<number> {
  const mask = rows(activations.padded_mask);
  const prompts = rows(activations.padded_input_ids).map((ids, row) =>
    ids.slice(0, mask[row].filter((real) => real === 1).length),
  );
  const ours = (await model.run(prompts)).get("output");
  const apart = mx.subtract(ours, activations.padded_logits);
  const real = ours.ndim === 3 ? mx.expandDims(activations.padded_mask, 2) : mx.array(1);
  const counted = mx.multiply(apart, real);
  return maxDifference(counted, mx.zerosLike(counted));
}

async function compareGradient(model: Headed, activations: Activations): Promise<number> {
  const { gradients } = await model.gradients(
    rows(activations.input_ids),
    (output) => {
      const scores = output.ndim === 3 ? output.index(0, -1) : output.index(0);
      return mx.subtract(scores.index(0), scores.index(1));
    },
    { save: "layers.1.input" },
  );
  return maxDifference(gradients.get("layers.1.input"), activations["grad.hidden.1"]);
}
