/** That the shipped model copies by an induction circuit, and that the circuit is what does it. */
import type { Interventions } from "@mlxterp/core";
import { mx, toFlat } from "@mlxterp/mlx";
import { beforeAll, describe, expect, it } from "vitest";
import { loadModel } from "../checkpoint/loading/load-model.js";
import type { LanguageModel } from "../language-model/language-model.js";
import { copyLosses, questions, repeatedSequences } from "./questions.js";

interface Head {
  readonly layer: number;
  readonly head: number;
  /** Attention from the second copy to the token after the previous occurrence. */
  readonly induction: number;
  /** Attention from the second copy to the token before. */
  readonly previous: number;
  /** Attention from the second copy to the token itself. */
  readonly current: number;
}

let model: LanguageModel;
let heads: Head[];
let byInduction: Head[];

beforeAll(async () => {
  model = await loadModel("tiny");
  heads = await scoreHeads();
  byInduction = [...heads].sort((left, right) => right.induction - left.induction);
});

async function scoreHeads(): Promise<Head[]> {
  const length = questions.randomSequences[0].split(" ").length;
  const cache = await model.run(repeatedSequences(model), { save: "layers.*.selfAttn.pattern" });
  return cache.entries().flatMap(([, pattern], layer) => {
    const queries = mx.arange(length + 1, 2 * length + 1, 1, mx.int32);
    /** Mean attention of each head from the second copy to keys so many tokens back. */
    const back = (distance: number) => {
      const keys = mx.subtract(queries, mx.array(distance, mx.int32));
      const picked = pattern.index(mx.Slice(), mx.Slice(), queries, keys); // (batch, heads, query)
      return toFlat(mx.mean(picked, [0, 2]));
    };
    const [induction, previous, current] = [back(length - 1), back(1), back(0)];
    return Array.from(induction, (score, head) => ({
      layer,
      head,
      induction: score,
      previous: previous[head],
      current: current[head],
    }));
  });
}

/** Zeroes the write of some heads. */
function silence(silenced: readonly Head[]): Interventions {
  return Object.fromEntries(
    model.config.layers.map(({ attention }, layer) => {
      const kept = Array.from({ length: attention.heads }, (_, head) =>
        silenced.some((one) => one.layer === layer && one.head === head) ? 0 : 1,
      );
      const mask = mx.array(kept).reshape([1, 1, attention.heads, 1]);
      return [`layers.${layer}.selfAttn.z`, (z) => mx.multiply(z, mask)];
    }),
  );
}

/** Every pair of different heads. */
function pairsOf(from: readonly Head[]): [Head, Head][] {
  return from.flatMap((first, index) =>
    from.slice(index + 1).map((second): [Head, Head] => [first, second]),
  );
}

/** Heads of earlier layers that tell the induction heads which token is where: the first stage of the circuit. */
function firstStage(): Head[] {
  const [{ layer: end }] = byInduction;
  return heads.filter(
    ({ layer, previous, current }) => layer < end && Math.max(previous, current) > 0.4,
  );
}

describe("the induction circuit of the model that ships", () => {
  it("has a head that looks at what followed the previous occurrence", () => {
    expect(byInduction[0].induction).toBeGreaterThan(0.4);
  });

  it("has a head that looks at the previous token, in an earlier layer", () => {
    expect(Math.max(...firstStage().map(({ previous }) => previous))).toBeGreaterThan(0.4);
  });

  it("no longer copies without its best induction heads", async () => {
    const intact = await copyLosses(model);
    const without = await copyLosses(model, silence(byInduction.slice(0, 2)));
    expect(without.second).toBeGreaterThan((2 / 3) * intact.first);
  });

  it("still copies without any two heads outside the circuit", async () => {
    const intact = await copyLosses(model);
    const circuit = new Set([...byInduction.slice(0, 2), ...firstStage()]);
    const others = heads.filter((head) => !circuit.has(head));
    expect(others.length).toBeGreaterThan(heads.length / 2);
    for (const pair of pairsOf(others)) {
      const { second } = await copyLosses(model, silence(pair), 8);
      expect(second, JSON.stringify(pair)).toBeLessThan(intact.first / 3);
    }
  });

  it("no longer copies without its previous-token heads, from which the induction heads read", async () => {
    const intact = await copyLosses(model);
    const sources = firstStage().filter(({ previous }) => previous > 0.4);
    const without = await copyLosses(model, silence(sources));
    expect(without.second).toBeGreaterThan((2 / 3) * intact.first);
  });
});
