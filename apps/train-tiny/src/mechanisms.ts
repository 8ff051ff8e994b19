/** Looks for the induction circuit: its heads by their attention, and what is left when they are silenced. */
import type { Interventions } from "@mlxterp/core";
import { atHeads, zeroOut } from "@mlxterp/interventions";
import { mx, toFlat } from "@mlxterp/mlx";
import type { LanguageModel } from "@mlxterp/models";
import { measureCopies, repeatWords } from "./evaluate-abilities.js";
import { seededRandom } from "./random.js";

/** A head and two scores in [0, 1]: mean attention from the second copy of repeated random words. */
export interface HeadScores {
  readonly layer: number;
  readonly head: number;
  /** To the token after the previous occurrence of the current one. */
  readonly induction: number;
  /** To the token before the current one. */
  readonly previous: number;
}

export interface Ablation {
  readonly heads: readonly string[];
  /** Loss on the second copy, in nats. */
  readonly loss: number;
}

export interface Mechanisms {
  /** All heads, the strongest induction head first. */
  readonly scores: readonly HeadScores[];
  /** The strongest induction heads silenced. */
  readonly ablated: Ablation;
  /** As many other heads silenced, in random draws. */
  readonly controls: readonly Ablation[];
}

const controlDraws = 20;

/**
 * The scores of every head.
 * Source: Olsson et al. 2022, "In-context Learning and Induction Heads", "Head Activation Evaluators".
 */
export async function scoreHeads(
  model: LanguageModel,
  sequences: readonly string[],
): Promise<HeadScores[]> {
  const length = sequences[0].split(" ").length;
  const cache = await model.run(sequences.map(repeatWords), { save: "layers.*.selfAttn.pattern" });
  return cache.entries().flatMap(([, pattern], layer) => {
    const [, heads, , keys] = pattern.shape; // (batch, heads, query, key)
    const mean = toFlat(mx.mean(pattern, 0));
    return Array.from({ length: heads }, (_, head) => {
      const average = (keyOf: (query: number) => number) => {
        let sum = 0;
        for (let query = length + 1; query < keys; query++) {
          sum += mean[(head * keys + query) * keys + keyOf(query)];
        }
        return sum / (keys - length - 1);
      };
      const induction = average((query) => query - length + 1);
      return { layer, head, induction, previous: average((query) => query - 1) };
    });
  });
}

/** Zeroes what some heads write. */
export function silence(heads: readonly HeadScores[]): Interventions {
  const layers = [...new Set(heads.map(({ layer }) => layer))];
  return Object.fromEntries(
    layers.map((layer) => {
      const own = heads.filter((one) => one.layer === layer).map(({ head }) => head);
      return [`layers.${layer}.selfAttn.z`, atHeads(own, zeroOut())];
    }),
  );
}

/** `1.3`: layer and head. */
export function headName({ layer, head }: HeadScores): string {
  return `${layer}.${head}`;
}

/** Finds the heads and silences them, and random others for comparison. */
export async function findMechanisms(
  model: LanguageModel,
  sequences: readonly string[],
  count = 2,
): Promise<Mechanisms> {
  const scores = await scoreHeads(model, sequences);
  scores.sort((left, right) => right.induction - left.induction);
  const ablate = async (heads: HeadScores[]): Promise<Ablation> => ({
    heads: heads.map(headName),
    loss: (await measureCopies(model, sequences, silence(heads))).second,
  });
  const random = seededRandom("controls");
  const controls: Ablation[] = [];
  for (let draw = 0; draw < controlDraws; draw++) {
    controls.push(await ablate(random.sample(scores.slice(count), count)));
  }
  return { scores, ablated: await ablate(scores.slice(0, count)), controls };
}
