/** What heads whose weights are drawn at random score: what is read of the model's own heads stands beside it. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { mean, range } from "../shared/lists.js";
import { takeTurn } from "../shared/stoppable.js";
import { compositionKinds, compositionOf } from "./composition.js";
import { eigenScores } from "./eigen-score.js";
import type { AskedHeadWeights } from "./options.js";
import {
  matchingShares,
  ownTokenShares,
  successorShares,
  type TokenSample,
} from "./token-ranks.js";
import type { HeadMatrices } from "./token-weights.js";

export interface Chance {
  readonly between: MxArray;
  readonly sample: TokenSample;
  readonly ordered: TokenSample | undefined;
  readonly asked: AskedHeadWeights;
}

/** So many random heads are read at once: every one is composed with every other. */
const together = 16;

/** The same scores of heads whose weights are drawn at random, of the shapes of a layer's. */
export async function chanceRows(like: HeadMatrices, chance: Chance) {
  const { asked } = chance;
  if (asked.nulls === 0) return [];
  const draw = (seed: number): HeadMatrices => {
    const entries = Object.entries(like).map(([name, { shape }], index) => {
      const key = mx.random.key(asked.seed * 1013 + seed * 17 + index);
      return [name, mx.random.normal([asked.nulls, ...shape.slice(1)], mx.float32, 0, 1, key)];
    });
    return Object.fromEntries(entries) as HeadMatrices;
  };
  const [drawn, others] = [draw(1), draw(2)].map(inParts);
  const scores = new Map<string, number[]>();
  const add = (score: string, values: ArrayLike<number>) => {
    scores.set(score, [...(scores.get(score) ?? []), ...Array.from(values)]);
  };
  for (const part of drawn) {
    await takeTurn(asked.signal);
    await addScores(part, chance, add);
    for (const other of others) {
      const composed = await compositionOf(part, other);
      compositionKinds.forEach((kind, at) => {
        add(`composition: ${kind}`, composed[at]);
      });
    }
  }
  return [...scores].map(([score, values]) => ({
    score,
    mean: mean(values),
    highest: values.reduce((most, value) => Math.max(most, value)),
  }));
}

function inParts(heads: HeadMatrices): HeadMatrices[] {
  const [count] = heads.Q.shape;
  return range(Math.ceil(count / together)).map((part) => {
    const own = mx.Slice(part * together, Math.min(count, (part + 1) * together));
    const entries = Object.entries(heads).map(([name, all]: [string, MxArray]) => [name, all.index(own)]); // biome-ignore format: one line
    return Object.fromEntries(entries) as HeadMatrices;
  });
}

async function addScores(
  heads: HeadMatrices,
  { between, sample, ordered, asked: { topK } }: Chance,
  add: (score: string, values: readonly number[]) => void,
): Promise<void> {
  add("copying", eigenScores(heads, between));
  add("keeping", eigenScores(heads));
  add("ownToken", await ownTokenShares(heads, sample, topK));
  add("matching", await matchingShares(heads, sample, topK));
  if (ordered) add("successor", await successorShares(heads, ordered, topK));
}
