/** How far the encoders and the recurrent models are from transformers, in the respects they have. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { loadModel } from "../index.js";
import { MaskedLanguageModel } from "../masked-model/masked-language-model.js";
import { RecurrentModel } from "../recurrent-model/recurrent-model.js";
import { compareEncoderDecoder } from "./encoder-decoder-comparison.js";
import { compareHeaded } from "./headed-comparison.js";
import { compareImageText } from "./image-text-comparison.js";
import { compareRecurrent } from "./recurrent-comparison.js";
import { maxDifference, readActivations, rows } from "./reference.js";
import { comparePadded, type ReferenceComparison } from "./reference-comparison.js";
import { headedNames, recurrentFolders, referenceFolder } from "./reference-folders.js";
import { compareStreams } from "./streams-comparison.js";
import { compareVision } from "./vision-comparison.js";

type Activations = Record<string, MxArray>;

/** A respect that a family does not have is absent. */
export type OtherComparison = Partial<ReferenceComparison> & {
  /** Of the logits of the folded model. */
  readonly folded?: number;
};

/** Families that are no decoders, by `model_type`; models with heads of their own, by the names of their checkpoints. */
export const otherFamilies: Readonly<Record<string, () => Promise<OtherComparison>>> = {
  bert: () => compareEncoder("bert"),
  camembert: () => compareEncoder("camembert"),
  clip: () => compareImageText("clip/compared"),
  "clip/compared-highest": () => compareImageText("clip/compared-highest"),
  distilbert: () => compareEncoder("distilbert"),
  gemma3n_text: () => compareStreams("gemma3n_text/base"),
  modernbert: () => compareEncoder("modernbert"),
  roberta: () => compareEncoder("roberta"),
  t5: () => compareEncoderDecoder("t5/written"),
  "t5/written-gated": () => compareEncoderDecoder("t5/written-gated"),
  vit: () => compareVision("vit/image"),
  "xlm-roberta": () => compareEncoder("xlm-roberta"),
  ...Object.fromEntries(
    recurrentFolders().map(({ modelType, folder }) => [
      modelType,
      async () =>
        compareRecurrent(await loadModel(folder, { as: RecurrentModel }), readActivations(folder)),
    ]),
  ),
  ...Object.fromEntries(headedNames.map((name) => [name, () => compareHeaded(name)])),
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
  return {
    hidden: Math.max(
      maxDifference(cache.get("layers.0.input"), activations["hidden.0"]),
      ...each.map((layer) =>
        maxDifference(cache.get(`layers.${layer}`), outputOf(activations, layer, layers.length)),
      ),
    ),
    attention: Math.max(
      ...each.map((layer) =>
        maxDifference(cache.get(`layers.${layer}.selfAttn.pattern`), activations[`attn.${layer}`]),
      ),
    ),
    logits: maxDifference(cache.get("output"), activations.logits),
    padded: await comparePadded(model, activations),
    gradient: await compareGradient(model, activations),
  };
}

/** The last one is before any final norm. */
const outputOf = (activations: Activations, layer: number, count: number): MxArray =>
  layer === count - 1 ? activations.last_layer : activations[`hidden.${layer + 1}`];

async function compareGradient(model: MaskedLanguageModel, activations: Activations) {
  const { gradients } = await model.gradients(
    rows(activations.input_ids),
    (logits) => mx.subtract(logits.index(0, -1, 5), logits.index(0, -1, 7)),
    { save: "layers.1.input" },
  );
  return maxDifference(gradients.get("layers.1.input"), activations["grad.hidden.1"]);
}
