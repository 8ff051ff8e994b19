/** Answers of several tokens and pairs that spans align, in the methods that score nodes and edges: against single steps, and runs by hand. */
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel } from "@mlxterp/models";
import { valueAt } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import { acdc } from "../acdc/acdc.js";
import { attributionPatching } from "../attribution-patching/attribution-patching.js";
import { causalTracing } from "../causal-tracing/causal-tracing.js";
import type { TracingResult } from "../causal-tracing/result.js";
import { findCircuit } from "../circuits/find-circuit.js";
import { edgeAttribution } from "../edge-attribution/edge-attribution.js";
import { das } from "../interchange/das.js";
import { holdPairs } from "../interchange/runs.js";
import { pathPatching } from "../path-patching/path-patching.js";
import { largestDifference, llamaLike } from "./test-support.js";

const config = { ...llamaLike, layers: llamaLike.layers.slice(0, 2) };
const decoder = initializeWeights(new Decoder(config), { seed: 11, deviation: 0.4 });
const model = new LanguageModel(decoder, { config });
const clean = [3, 17, 25, 40, 12];
const corrupted = [3, 31, 25, 44, 12];
const [answer, wrongAnswer] = [[7, 21], [9]];

/** What a method finds of some answer; of pairs with tokens behind both prompts. */
type Found = (asked: { answer: unknown; wrongAnswer?: unknown; metric?: "logProbability" }, behind: readonly number[]) => Promise<ArrayLike<number>>; // biome-ignore format: one type

const pairWith = (behind: readonly number[]) => ({ clean: [...clean, ...behind], corrupted: [...corrupted, ...behind] }); // biome-ignore format: one function

const methods: Record<string, Found> = {
  "attribution patching": async (asked, behind) => {
    const one = { positions: "all", steps: 1 }; // at several points each has as much of the way as it goes itself, which does not add up
    const found = await attributionPatching(model, pairWith(behind), { ...asked, ...one } as never);
    return ["residual", "attention", "mlp", "head"].flatMap((kind) => [...found.grids[`${kind}ByPair` as "headByPair"]!.values]); // biome-ignore format: one list
  },
  "relevance patching": async (asked, behind) => {
    const found = await attributionPatching(model, pairWith(behind), { ...asked, positions: "all", rule: "relp", kinds: "head" } as never); // biome-ignore format: one call
    return [...found.grids.headByPair!.values];
  },
  "exact edges": async (asked, behind) => edgesOf(asked, behind, "exact"),
  "edge attribution": async (asked, behind) => edgesOf(asked, behind, "eap-ig-inputs"),
  "path patching": async (asked, behind) => {
    const { grids, tables } = await pathPatching(model, pairWith(behind), asked as never);
    const [{ clean: own }] = tables.baselines.rows;
    return [...(grids.metricByPair.values as ArrayLike<number> as number[])].map(
      (one) => own - one,
    );
  },
};

async function edgesOf(asked: object, behind: readonly number[], scoring: string) {
  const { tables } = await edgeAttribution(model, pairWith(behind), { ...asked, scoring } as never);
  const rows = [...tables.edges.rows].sort((a, b) => `${a.source} ${a.destination}`.localeCompare(`${b.source} ${b.destination}`)); // biome-ignore format: one line
  return rows.map(({ score }) => score);
}

/** Steps one by one, each with those before it as part of both prompts. */
async function stepByStep(find: Found, sequence: readonly number[]): Promise<number[]> {
  const sum: number[] = [];
  for (const [at, one] of sequence.entries()) {
    const found = await find({ answer: one, metric: "logProbability" }, sequence.slice(0, at));
    for (const [place, value] of Array.from(found).entries())
      sum[place] = (sum[place] ?? 0) + value;
  }
  return sum;
}

describe.each(Object.entries(methods))("%s", (_, find) => {
  it("of a sequence is the sum over its steps, of two sequences the difference", async () => {
    const own = await stepByStep(find, answer);
    const size = Math.max(...own.map(Math.abs));
    const alone = await find({ answer: { sequence: answer } }, []);
    expect(largestDifference(alone, own) / size).toBeLessThan(1e-4);
    const other = await stepByStep(find, wrongAnswer);
    const both = await find({ answer: { sequence: answer }, wrongAnswer: { sequence: wrongAnswer } }, []); // biome-ignore format: one call
    expect(largestDifference(both, own.map((value, at) => value - other[at])) / size).toBeLessThan(2e-4); // biome-ignore format: one line
  });
});

/** The log probability of a sequence behind a prompt, by passes of the model alone. */
async function likely(prompt: readonly number[], sequence: readonly number[]): Promise<number> {
  using cache = await model.run([[...prompt, ...sequence.slice(0, -1)]], { save: "output" });
  const rows = (cache.get("output").tolist() as number[][][])[0].slice(-sequence.length);
  return rows.reduce((sum, row, at) => sum + row[sequence[at]] - Math.log(row.reduce((all, one) => all + Math.exp(one), 0)), 0); // biome-ignore format: one sum
}

const asked = { answer: { sequence: answer }, wrongAnswer: { sequence: wrongAnswer } };

describe("causal tracing", () => {
  it("of a sequence is the sum over its steps, and by default its probability", async () => {
    const trace = (answer: unknown, prompt: readonly number[], metric?: string) =>
      causalTracing(model, [...prompt], { answer, subject: [1, 3], deviation: 0.3, samples: 2, kinds: ["residual", "mlp"], positions: [0, 1, 2, 3, 4], ...(metric && { metric }) } as never); // biome-ignore format: one call
    const own = await trace({ sequence: answer }, clean, "logProbability");
    const steps: TracingResult[] = [];
    for (const [at, one] of answer.entries()) steps.push(await trace(one, [...clean, ...answer.slice(0, at)], "logProbability")); // biome-ignore format: one line
    for (const kind of ["residualMetric", "mlpMetric"] as const) {
      const sums = Array.from(own.grids[kind]!.values, (_, place) => steps.reduce((sum, { grids }) => sum + grids[kind]!.values[place], 0)); // biome-ignore format: one list
      expect(largestDifference(own.grids[kind]!.values, sums)).toBeLessThan(2e-3);
    }
    const plain = await trace({ sequence: answer }, clean);
    expect(plain.tables.baselines.rows[0].clean / Math.exp(await likely(clean, answer))).toBeCloseTo(1, 4); // biome-ignore format: one line
  });
});

describe("sequences", () => {
  it("score as passes of the model alone do, in baselines and circuits, and the whole graph is the model", async () => {
    const both = async (prompt: readonly number[]) => (await likely(prompt, answer)) - (await likely(prompt, wrongAnswer)); // biome-ignore format: one line
    const expected = { clean: await both(clean), corrupted: await both(corrupted) };
    const pair = pairWith([]);
    const { tables } = await findCircuit(model, pair, { ...asked, fractions: [0.1, 1], random: 1, minimality: 0, completeness: 0 }); // biome-ignore format: one call
    const [baseline] = tables.baselines.rows;
    expect(baseline.clean).toBeCloseTo(expected.clean, 4);
    expect(baseline.corrupted).toBeCloseTo(expected.corrupted, 4);
    expect(tables.sizes.rows.at(-1)!.faithfulness).toBeCloseTo(1, 4);
    const found = await acdc(model, pair, { ...asked, threshold: 0.2, metric: "logitDifference" });
    const [{ cost, edges, allEdges }] = found.tables.summary.rows;
    expect(found.tables.baselines.rows[0].clean).toBeCloseTo(expected.clean, 4);
    expect(edges).toBeLessThan(allEdges);
    expect(cost).toBeLessThan(0.2 * (allEdges - edges));
  });

  it("shows the prompt's own positions alone", async () => {
    const { grids } = await attributionPatching(model, pairWith([]), asked);
    expect(grids.head!.labels.position).toHaveLength(clean.length);
    // the stream before the first layer is the embedding: nothing comes of tokens that are the same
    expect(valueAt(grids.residual!, { layer: 0, position: 2 })).toBe(0);
  });

  it.each([
    [() => acdc(model, pairWith([]), asked), "kl is no sum of log probabilities"],
    [
      () => edgeAttribution(model, pairWith([]), { ...asked, scoring: "edge-masks" }),
      "no sum over the steps",
    ],
    [
      () => edgeAttribution(model, pairWith([]), { ...asked, metric: "probability" }),
      "take logitDifference",
    ],
    [
      () => attributionPatching(model, pairWith([]), { ...asked, gradDrop: true }),
      "do not add up over the tokens",
    ],
  ] as const)("says why it cannot, and what can: %#", async (call, says) => {
    await expect(call()).rejects.toMatchObject({ code: "INVALID_ARGUMENT", message: expect.stringContaining(says) }); // biome-ignore format: one line
  });
});

describe("pairs that spans align", () => {
  // positions 1, 2 of the one stand for 1, 2, 3 of the other, from the end; and the last tokens differ
  const ragged = { clean: [3, 17, 25, 8, 40, 12], corrupted: [3, 50, 31, 26, 8, 40, 15], spans: [{ clean: [1, 3], corrupted: [1, 4] }] } as const; // biome-ignore format: one object
  const other = [0, 2, 3, 4, 5, 6];
  const question = { answer: 7, wrongAnswer: 9 };
  const score = (logits: ArrayLike<number>) => logits[7] - logits[9];
  const lastOf = async (prompt: readonly number[], interventions = {}) => {
    using cache = await model.run([[...prompt]], { save: "output", interventions });
    return score(toFlat(cache.last("output")));
  };

  it.each(["denoising", "noising"] as const)(
    "have slopes that small steps have: %s",
    async (direction) => {
      const { grids } = await attributionPatching(model, ragged, { ...question, direction, steps: 1, kinds: ["residual", "value"] }); // biome-ignore format: one call
      expect(grids.residual!.labels.position).toHaveLength(6);
      const into = direction === "denoising" ? ragged.corrupted : ragged.clean;
      const from = direction === "denoising" ? ragged.clean : ragged.corrupted;
      for (const [kind, site, axis] of [
        ["residual", "layers.1.input", 1],
        ["value", "layers.1.selfAttn.v", 2],
      ] as const) {
        // biome-ignore format: one loop
        using cache = await model.run([[...from]], { save: site });
        const source = cache.get(site);
        const [, places] = direction === "denoising" ? [other, [0, 1, 2, 3, 4, 5]] : [[0, 1, 2, 3, 4, 5], other]; // biome-ignore format: one choice
        const targets = direction === "denoising" ? other : [0, 1, 2, 3, 4, 5];
        for (const column of [1, 5]) {
          const step = 1e-3;
          const change = (x: MxArray) => {
            const rows = mx.equal(mx.arange(0, into.length, 1, mx.int32), targets[column]).reshape(axis === 1 ? [1, -1, 1] : [1, 1, -1, 1]); // biome-ignore format: one line
            const value = mx.take(source, mx.array([places[column]], mx.int32), axis);
            return mx.where(rows, mx.add(x, mx.multiply(mx.subtract(value, x), step)), x);
          };
          const slope = ((await lastOf(into, { [site]: change })) - (await lastOf(into))) / step;
          const found = grids[`${kind}ByPair` as "headByPair"]!;
          const { head = [undefined] } = found.labels as unknown as { head?: number[] };
          const sum = head.reduce((all: number, one) => all + valueAt(found as never, { pair: 0, layer: 1, position: column, ...(one !== undefined && { head: one }) } as never), 0); // biome-ignore format: one sum
          expect(Math.abs(sum - slope)).toBeLessThan(0.02 + 0.02 * Math.abs(slope));
        }
      }
    },
  );

  it("have edges that carry what the other prompt wrote at the places that stand for these", async () => {
    const { tables } = await edgeAttribution(model, ragged, { ...question, scoring: "exact" });
    const of = (source: string, destination: string) =>
      tables.edges.rows.find((row) => row.source === source && row.destination === destination)!.score; // biome-ignore format: one search
    using cache = await model.run([[...ragged.corrupted]], { save: "layers.0.input" });
    using own = await model.run([[...ragged.clean]], { save: "layers.0.input" });
    const there = mx.take(cache.get("layers.0.input"), mx.array(other, mx.int32), 1);
    const change = mx.subtract(there, own.get("layers.0.input"));
    const plain = await lastOf(ragged.clean);
    for (const [name, site] of [
      ["m0", "layers.0.postAttentionNorm.input"],
      ["logits", "finalNorm.input"],
    ] as const) {
      // biome-ignore format: one loop
      const run = await lastOf(ragged.clean, { [site]: (x: MxArray) => mx.add(x, change) });
      expect(of("input", name)).toBeCloseTo(plain - run, 3);
    }
  });

  it("are searched, and found again in a circuit; means of them are refused by name", async () => {
    const found = await acdc(model, ragged, {
      ...question,
      threshold: 0.05,
      metric: "logitDifference",
    });
    expect(found.tables.baselines.rows[0].corrupted).toBeCloseTo(await lastOf(ragged.corrupted), 4);
    const whole = await findCircuit(model, ragged, { ...question, fractions: [0.5, 1], keep: 0.5, random: 0, minimality: 0, completeness: 0 }); // biome-ignore format: one call
    expect(whole.tables.sizes.rows.at(-1)!.faithfulness).toBeCloseTo(1, 4);
    await expect(findCircuit(model, ragged, { ...question, ablation: "mean" })).rejects.toThrow("choose patch or zero"); // biome-ignore format: one line
    await expect(attributionPatching(model, ragged, { ...question, qkFix: true, kinds: "key" })).rejects.toThrow("do not have"); // biome-ignore format: one line
  });

  it("are exchanged where they stand for each other, and nowhere else", async () => {
    const pair = { clean: ragged.clean, corrupted: ragged.corrupted, aligned: [0, 2, 3, 4, 5, 6], answer: 7, wrongAnswer: 9 }; // biome-ignore format: one object
    const held = await holdPairs(model, [pair], 1, 1);
    using cache = await model.run([[...ragged.corrupted]], { save: "layers.1" });
    const there = toFlat(cache.get("layers.1").index(0, 2));
    expect(largestDifference(toFlat(held.source), there)).toBeLessThan(1e-5);
    const longer = { clean: ragged.corrupted, corrupted: ragged.clean, spans: [{ clean: [1, 4], corrupted: [1, 3] }] } as const; // biome-ignore format: one object
    const nowhere = das(model, longer, { ...question, layers: [1], positions: [1], steps: 1 });
    await expect(nowhere).rejects.toThrow("position 1 of the clean prompt stands for nothing");
  });
});
