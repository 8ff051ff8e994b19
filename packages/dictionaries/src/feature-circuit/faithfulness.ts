/** What the model still says with some of its features alone. */
import type { Intervention } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import { generator } from "../synthetic/generator.js";
import { answerMetric, type Candidate } from "./effects.js";
import type { SplicedModel } from "./places.js";

/** The answer's log-probability where all candidates but some are nothing; the first token keeps what it has. */
export async function answerWith(
  { view, places }: SplicedModel,
  ids: readonly number[],
  answer: number,
  kept: readonly Candidate[],
): Promise<number> {
  const interventions: Record<string, Intervention> = {};
  places.forEach(({ features, error, count }, number) => {
    const own = kept.filter(({ place }) => place === number);
    const errors = new Set(own.flatMap((one) => (one.feature === undefined ? [one.position] : [])));
    const stays = ids.map((_, position) => [position === 0 || errors.has(position) ? 1 : 0]);
    interventions[error] = (x) => mx.multiply(x, mx.array(stays));
    interventions[features] = (x) => mx.multiply(x, featureMask(own, ids.length, count));
  });
  using cache = await view.run([[...ids]], { save: "output", interventions });
  const metric = answerMetric(answer, ids.length);
  return Number(metric(cache.get("output"), undefined as never).item());
}

function featureMask(own: readonly Candidate[], length: number, count: number): MxArray {
  const mask = new Array<number>(length * count).fill(0).fill(1, 0, count);
  for (const { position, feature } of own) {
    if (feature !== undefined) mask[position * count + feature] = 1;
  }
  return mx.array(mask).reshape([1, length, count]);
}

/** As many candidates as there are in a circuit, drawn at random. */
export function randomCircuit(
  candidates: readonly Candidate[],
  size: number,
  seed: number,
): Candidate[] {
  const draw = generator(seed);
  const left = [...candidates];
  return Array.from({ length: Math.min(size, left.length) }, () => {
    const at = Math.floor(draw.uniform() * left.length);
    return left.splice(at, 1)[0];
  });
}
