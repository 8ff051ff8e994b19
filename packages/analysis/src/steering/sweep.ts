/** Every layer and strength of a sweep, with directions at random of the same length beside the one that was found. */
import { fromFlat, type MxArray, mx } from "@mlxterp/mlx";
import { mean } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import type { JudgedRow } from "./judged-rows.js";
import type { AskedSteering } from "./options.js";
import { effectsOf, type HeldRows, randomDirections, surpriseOf } from "./steered-runs.js";
import type { SteeringVector } from "./steering-vectors.js";

interface Held {
  readonly prompts: HeldRows<JudgedRow>;
  readonly texts: HeldRows<{ readonly ids: readonly number[] }>;
}

interface Plan {
  readonly vectors: readonly SteeringVector[];
  readonly asked: AskedSteering;
  /** Nats a token without steering. */
  readonly plainCost: number;
}

/** What one push does to each prompt, and to texts in nats a token. */
interface Pushed {
  readonly effects: readonly number[];
  readonly cost: number;
}

/** One layer and strength. */
export interface Cell {
  readonly layer: number;
  readonly strength: number;
  readonly effect: number;
  /** Of each prompt. */
  readonly each: readonly number[];
  readonly cost: number;
  /** The mean over directions at random, and the least and most of them; NaN without any. */
  readonly nullEffect: number;
  readonly nullLow: number;
  readonly nullHigh: number;
  readonly nullCost: number;
}

export async function sweep(
  model: AnalysisModel,
  held: Held,
  { vectors, asked, plainCost }: Plan,
): Promise<Cell[]> {
  const { strengths, signal } = asked;
  const random = await randomDirections(asked.nulls, model.anatomy.hidden, asked.seed);
  const cells: Cell[] = [];
  for (const { layer, direction, length } of vectors) {
    const own = fromFlat(Float32Array.from(direction), [direction.length]);
    for (const strength of strengths) {
      const found: Pushed[] = [];
      for (const one of [own, ...random]) {
        signal?.throwIfAborted();
        found.push(await push(model, held, layer, mx.multiply(one, strength * length)));
      }
      cells.push({ layer, strength, ...cellOf(found, plainCost) });
      asked.onProgress?.({ done: cells.length, total: vectors.length * strengths.length, stage: "steering" }); // biome-ignore format: one line
    }
  }
  return cells;
}

async function push(
  model: AnalysisModel,
  held: Held,
  layer: number,
  vector: MxArray,
): Promise<Pushed> {
  const effects = await effectsOf(model, held.prompts, { layer, vector });
  return { effects, cost: await surpriseOf(model, held.texts, { layer, vector }) };
}

function cellOf([own, ...nulls]: readonly Pushed[], plainCost: number) {
  const chance = nulls.length > 0 ? nulls.map(({ effects }) => mean(effects)) : [Number.NaN];
  return {
    effect: mean(own.effects),
    each: own.effects,
    cost: own.cost - plainCost,
    nullEffect: mean(chance),
    nullLow: Math.min(...chance),
    nullHigh: Math.max(...chance),
    nullCost: (nulls.length > 0 ? mean(nulls.map(({ cost }) => cost)) : Number.NaN) - plainCost,
  };
}
