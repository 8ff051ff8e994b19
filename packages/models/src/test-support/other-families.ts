/** How far the encoders and the state-space model are from transformers, in the respects they have. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { MaskedLanguageModel } from "../encoder/masked-language-model.js";
import { loadModel } from "../index.js";
import { StateSpaceModel } from "../state-space/state-space-model.js";
import { maxDifference, readActivations, rows } from "./reference.js";
import { comparePadded, type ReferenceComparison } from "./reference-comparison.js";
import { referenceFolder } from "./reference-folders.js";

type Activations = Record<string, MxArray>;

/** A respect that a family does not have is absent. */
export type OtherComparison = Partial<ReferenceComparison>;

/** Families that are no decoders, by `model_type`. */
export const otherFamilies: Readonly<Record<string, () => Promise<OtherComparison>>> = {
  bert: () => compareEncoder("bert"),
  camembert: () => compareEncoder("camembert"),
  distilbert: () => compareEncoder("distilbert"),
  mamba: async () => {
    const folder = referenceFolder("mamba/base");
    return compareMamba(await loadModel(folder, { as: StateSpaceModel }), readActivations(folder));
  },
  roberta: () => compareEncoder("roberta"),
  "xlm-roberta": () => compareEncoder("xlm-roberta"),
};

async function compareEncoder(modelType: string): Promise<OtherComparison> {
  const folder = referenceFolder(`${modelType}/base`);
  return compareBert(await loadModel(folder, { as: MaskedLanguageModel }), readActivations(folder));
}

async function compareBert(
  model: MaskedLanguageModel,
  activations: Activations,
): Promise<OtherComparison> {
  const { layers } = model.module;
  const pattern = "layers.*.selfAttn.pattern";
  const save = ["layers.0.input", "layers.*", pattern, "output"] as const;
  const cache = await model.run(rows(activations.input_ids), { save });
  const each = layers.map((_, layer) => layer);
  const { module } = model;
  return {
    hidden: Math.max(
      maxDifference(cache.get("layers.0.input"), activations["hidden.0"]),
      ...each.map((layer) =>
        maxDifference(cache.get(`layers.${layer}`), activations[`hidden.${layer + 1}`]),
      ),
    ),
    attention: Math.max(
      ...each.map((layer) =>
        maxDifference(cache.get(`layers.${layer}.selfAttn.pattern`), activations[`attn.${layer}`]),
      ),
    ),
    logits: maxDifference(cache.get("output"), activations.logits),
    padded: await comparePadded(model, activations),
    gradient: compareGradient(activations, (hidden) =>
      module.unembed(layers[1].forward(hidden, null)),
    ),
  };
}

async function compareMamba(
  model: StateSpaceModel,
  activations: Activations,
): Promise<OtherComparison> {
  const { module } = model;
  const { layers } = module;
  const last = layers.length - 1;
  const cache = await model.run(rows(activations.input_ids), {
    save: ["layers.*", "finalNorm", "output"],
  });
  const states = layers.map((_, layer) =>
    maxDifference(
      cache.get(`layers.${layer}`),
      activations[layer === last ? "last_layer" : `hidden.${layer}`],
    ),
  );
  const end = maxDifference(cache.get("finalNorm"), activations[`hidden.${last + 1}`]);
  return {
    hidden: Math.max(...states, end),
    logits: maxDifference(cache.get("output"), activations.logits),
    padded: await comparePadded(model, activations),
    gradient: compareGradient(activations, (hidden) =>
      module.unembed(module.finalNorm.forward(layers[2].forward(hidden))),
    ),
    ...(await compareContinuation(model, activations)),
  };
}

function compareGradient(activations: Activations, rest: (hidden: MxArray) => MxArray): number {
  const metric = (hidden: MxArray) => {
    const logits = rest(hidden);
    return mx.subtract(logits.index(0, -1, 5), logits.index(0, -1, 7));
  };
  const gradient = mx.grad(metric)(activations["hidden.1"]);
  return maxDifference(gradient, activations["grad.hidden.1"]);
}

async function compareContinuation(model: StateSpaceModel, activations: Activations) {
  const [expected] = rows(activations.generated);
  const length = activations.input_ids.shape[1];
  const tokens = expected.slice(0, length);
  const options = { maxTokens: expected.length - length, ignoreEos: true };
  for await (const { token } of model.generate([...tokens], options)) tokens.push(token);
  const logits = (await model.run([expected.slice(0, -1)])).get("output");
  const choices = rows(mx.argmax(logits, -1))[0].slice(length - 1);
  return {
    cached: tokens.join() === expected.join(),
    recomputed: choices.join() === expected.slice(length).join(),
  };
}
