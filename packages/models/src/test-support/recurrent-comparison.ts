/** How far a recurrent or hybrid model is from transformers on its reference checkpoint. */
import { type MxArray, mx } from "@mlxterp/mlx";
import type { RecurrentModel } from "../recurrent-model/recurrent-model.js";
import { compareFolded } from "./folded-comparison.js";
import { maxDifference, rows } from "./reference.js";
import {
  compareContinuations,
  comparePadded,
  type ReferenceComparison,
} from "./reference-comparison.js";

type Activations = Record<string, MxArray>;

/** The layers of which a reference holds something. */
const layersOf = (activations: Activations, what: string) =>
  Object.keys(activations)
    .filter((name) => name.startsWith(`${what}.`))
    .map((name) => Number(name.slice(what.length + 1)));

export async function compareRecurrent(
  model: RecurrentModel,
  activations: Activations,
): Promise<Partial<ReferenceComparison> & { readonly folded: number }> {
  return {
    hidden: await compareHidden(model, activations),
    ...(await comparePatterns(model, activations)),
    logits: maxDifference(
      (await model.run(rows(activations.input_ids))).get("output"),
      activations.logits,
    ),
    padded: await comparePadded(model, activations),
    ...(await compareContinuations(model, activations)),
    gradient: await compareGradient(model, activations),
    folded: await compareFolded(model, activations),
  };
}

/** Lists of hidden states of models without any attention have no entry for the embeddings. */
const entriesBefore = (model: RecurrentModel) =>
  Number(model.config.layers.some(({ attention }) => attention));

/** The streams between layers, and what mixers write to them. */
async function compareHidden(model: RecurrentModel, activations: Activations): Promise<number> {
  const save = ["layers.*.input", "layers.*", "layers.*.mixer", "finalNorm"];
  const cache = await model.run(rows(activations.input_ids), { save });
  const last = model.config.layers.length;
  const before = entriesBefore(model);
  const inputs = Array.from({ length: last - 1 }, (_, layer) =>
    maxDifference(cache.get(`layers.${layer + 1}.input`), activations[`hidden.${layer + before}`]),
  );
  const mixers = layersOf(activations, "mixer").map((layer) =>
    maxDifference(cache.get(`layers.${layer}.mixer`), activations[`mixer.${layer}`]),
  );
  const end = maxDifference(cache.get(`layers.${last - 1}`), activations.last_layer);
  const normed = maxDifference(cache.get("finalNorm"), activations[`hidden.${last}`]);
  return Math.max(...inputs, ...mixers, end, normed);
}

async function comparePatterns(model: RecurrentModel, activations: Activations) {
  const layers = layersOf(activations, "attn");
  if (layers.length === 0) return {};
  const prompt = rows(activations.input_ids);
  const save = "layers.*.selfAttn.pattern";
  const caches = [
    await model.run(prompt, { save }),
    await model.run(prompt, { save, interventions: { [save]: (x) => x } }),
  ];
  const differences = layers.flatMap((layer) =>
    caches.map((cache) =>
      maxDifference(cache.get(`layers.${layer}.selfAttn.pattern`), activations[`attn.${layer}`]),
    ),
  );
  return { attention: Math.max(...differences) };
}

/** Of the states after the last token, in the order of axes that files of that family have. */
export async function compareStates(
  model: RecurrentModel,
  activations: Activations,
): Promise<number[]> {
  const save = "layers.*.mixer.state";
  const layers = layersOf(activations, "state");
  if (layers.length === 0) return [];
  const cache = await model.run(rows(activations.input_ids), { save });
  return layers.map((layer) => {
    const ours = cache.get(`layers.${layer}.mixer.state`).index(mx.Slice(), -1);
    const theirs = activations[`state.${layer}`];
    const turned = ours.shape.join() !== theirs.shape.join();
    return maxDifference(turned ? ours.swapaxes(-1, -2) : ours, theirs);
  });
}

async function compareGradient(model: RecurrentModel, activations: Activations): Promise<number> {
  const site = `layers.${2 - entriesBefore(model)}.input`;
  const { gradients } = await model.gradients(
    rows(activations.input_ids),
    (logits) => mx.subtract(logits.index(0, -1, 5), logits.index(0, -1, 7)),
    { save: site },
  );
  return maxDifference(gradients.get(site), activations["grad.hidden.1"]);
}
