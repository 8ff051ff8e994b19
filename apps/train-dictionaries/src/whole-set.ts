/** What a model still says with transcoders in the place of all its MLPs at once, which a measure layer by layer does not tell. */
import { type Dictionary, nullDictionary } from "@mlxterp/dictionaries";
import { logProbabilities, type MxArray, mx } from "@mlxterp/mlx";
import type { LanguageModel } from "@mlxterp/models";
import { type Qualities, qualitiesOf } from "./held-out-quality.js";
import type { Sites } from "./training-data.js";

/** What stands in the place of a layer's MLP: from what that reads, (batch, position, hidden), to what it would have written. */
type InPlace = (x: MxArray, layer: number) => MxArray;

/** @param layers for each layer the transcoders of all seeds */
export async function wholeSetQuality(
  model: LanguageModel,
  layers: readonly (readonly Dictionary[])[],
  sites: Sites,
  texts: readonly number[][],
): Promise<Qualities> {
  const loss = (inPlace?: InPlace) => lossWith(model, sites, texts, inPlace);
  const [clean, zero] = [await loss(), await loss((x) => mx.zerosLike(x))];
  const recovered = async (set: readonly Dictionary[]) =>
    (zero - (await loss((x, layer) => set[layer].forward(x)))) / (zero - clean);
  const sets = layers[0].map((_, seed) => layers.map((all) => all[seed]));
  const values: number[] = [];
  for (const set of sets) values.push(await recovered(set));
  const untrained = sets[0].map((one, layer) => nullDictionary(one, "untrained", layer));
  return qualitiesOf({
    "loss recovered": values,
    "loss recovered, untrained": [await recovered(untrained)],
    ...{ "loss of the model": [clean], "loss without its MLPs": [zero] },
  });
}

const batchSize = 8;

/** The mean loss of next tokens, in nats; the first token's MLPs stay as they are. */
async function lossWith(
  model: LanguageModel,
  { inputs, outputs }: Sites,
  texts: readonly number[][],
  inPlace?: InPlace,
): Promise<number> {
  const read: MxArray[] = [];
  const interventions: Record<string, (value: MxArray) => MxArray> = {};
  inputs.forEach((site, layer) => {
    interventions[site] = (x) => {
      read[layer] = x;
      return x;
    };
    interventions[outputs[layer]] = (y) =>
      inPlace ? afterFirst(y, inPlace(read[layer], layer).reshape(y.shape)) : y;
  });
  let [sum, count] = [0, 0];
  for (let from = 0; from < texts.length; from += batchSize) {
    const some = texts.slice(from, from + batchSize);
    using cache = await model.run(some, { save: "output", interventions });
    for (const [row, ids] of some.entries()) {
      const own = lossesOf(cache.get("output").index(row), ids);
      sum += Number(mx.sum(own).item());
      count += own.size;
    }
  }
  return sum / count;
}

/** Of each token but the first two: what the first token says is its own in every case. */
function lossesOf(logits: MxArray, ids: readonly number[]): MxArray {
  const next = mx.array([...ids.slice(2)], mx.int32).reshape([ids.length - 2, 1]);
  const said = logProbabilities(logits.index(mx.Slice(1, ids.length - 1))); // (position, vocab)
  return mx.negative(mx.takeAlongAxis(said, next, 1));
}

/** What was there at the first token, and what is given instead at all later ones. */
function afterFirst(y: MxArray, given: MxArray): MxArray {
  const places = mx.arange(0, y.shape[1], 1, mx.int32).reshape([1, y.shape[1], 1]);
  return mx.where(mx.greater(places, 0), given, y);
}
