/** Activation patching, against one run for every cell with an intervention written out by hand. */
import { patchFrom } from "@mlxterp/interventions";
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel, loadModel } from "@mlxterp/models";
import { type Grid, labelKey } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import type { PatchPart } from "../patching/kinds.js";
import { siteOf } from "../patching/parts.js";
import type { AnalysisModel } from "../shared/model.js";
import type { PatchingPrompts } from "../shared/pairs.js";
import { gpt2Like, largestDifference, llamaLike, sharedModel } from "../shared/test-support.js";
import { activationPatching } from "./activation-patching.js";
import type { PatchingOptions } from "./options.js";
import type { PatchingResult } from "./result.js";

interface PatchColumn {
  readonly position: number | null;
  readonly head: number | null;
}

interface Matrix {
  readonly kind: PatchPart;
  readonly layers: readonly number[];
  readonly columns: readonly PatchColumn[];
  readonly raw: readonly (readonly number[])[];
  readonly normalized: readonly (readonly number[])[];
  readonly perPair: readonly { readonly raw: readonly (readonly number[])[] }[];
}

/** The grids of a result as one matrix for each kind, in the order that they were asked for. */
function matricesOf({ grids, asked }: PatchingResult): Matrix[] {
  return [asked.kinds as PatchPart | PatchPart[]].flat().map((kind): Matrix => {
    const [effect, metric, byPair]: (Grid | undefined)[] = [
      grids[kind],
      grids[`${kind}Metric`],
      grids[`${kind}ByPair`],
    ];
    const { layer, head = [null], position } = effect!.labels;
    const columns = head.flatMap((one) =>
      position.map((at) => ({
        head: one as number | null,
        position: at === "all" ? null : Number(labelKey(at)),
      })),
    );
    const rows = (values: ArrayLike<number>, start = 0) =>
      layer.map((_, row) =>
        columns.map((_column, column) => values[start + row * columns.length + column]),
      );
    const size = layer.length * columns.length;
    return {
      kind,
      layers: layer.map(Number),
      columns,
      raw: rows(metric!.values),
      normalized: rows(effect!.values),
      perPair: byPair!.labels.pair.map((_, pair) => ({ raw: rows(byPair!.values, pair * size) })),
    };
  });
}

/** The prompts of a question, and the rest of it. */
async function patching(
  model: AnalysisModel,
  { clean, corrupted, ...options }: PatchingPrompts & PatchingOptions,
) {
  const result = await activationPatching(model, { clean, corrupted }, options);
  const [{ metric }] = result.tables.baselines.rows;
  const mean = (side: "clean" | "corrupted") =>
    result.tables.baselines.rows.reduce((sum, row) => sum + row[side], 0) /
    result.tables.baselines.rows.length;
  return {
    metric,
    matrices: matricesOf(result),
    baseline: { clean: mean("clean"), corrupted: mean("corrupted") },
    pairs: result.fed
      .filter(({ role }) => role === "clean")
      .map((fed) => ({ answer: fed.answer! })),
  };
}

const models = new Map<typeof llamaLike | typeof gpt2Like, LanguageModel>();

/** One for each config. */
function randomModel(config: typeof llamaLike | typeof gpt2Like): LanguageModel {
  const decoder = initializeWeights(new Decoder(config), { seed: 11, deviation: 0.35 });
  const model = models.get(config) ?? new LanguageModel(decoder, { config });
  models.set(config, model);
  return model;
}

const kinds = ["residual", "attention", "mlp", "head"] as const;
const clean = [5, 17, 2, 25, 9];
const corrupted = [5, 30, 2, 17, 9];
const answer = 3;
const wrongAnswer = 8;

interface Cell extends PatchColumn {
  readonly kind: PatchPart;
  readonly layer: number;
}

/** The activation with one element of the other run's, built without any masks of the library. */
function exchange(x: MxArray, source: MxArray, { position, head }: PatchColumn): MxArray {
  const positions = Array.from({ length: x.shape[1] }, (_, at) => {
    const own = x.index(mx.Slice(), mx.Slice(at, at + 1));
    const other = source.index(mx.Slice(), mx.Slice(at, at + 1));
    if (position !== null && position !== at) return own;
    if (head === null) return other;
    const heads = Array.from({ length: x.shape[2] }, (_, index) => {
      const from = index === head ? other : own;
      return from.index(mx.Slice(), mx.Slice(), mx.Slice(index, index + 1));
    });
    return mx.concatenate(heads, 2);
  });
  return mx.concatenate(positions, 1);
}

/** What has been computed of each model: tests that ask for the same run share it. */
const computed = new WeakMap<AnalysisModel, Map<string, Promise<unknown>>>();

function once<T>(model: AnalysisModel, key: unknown, compute: () => Promise<T>): Promise<T> {
  const own = computed.get(model) ?? new Map<string, Promise<unknown>>();
  computed.set(model, own);
  const name = JSON.stringify(key);
  const found = (own.get(name) as Promise<T> | undefined) ?? compute();
  own.set(name, found);
  return found;
}

/** One full run for one cell: the logits at its end. */
function bruteForce(
  model: AnalysisModel,
  [base, source]: readonly (readonly number[])[],
  cell: Cell,
): Promise<number[]> {
  return once(model, [base, source, cell], async () => {
    const site = siteOf(cell.kind, cell.layer);
    const saved = () => model.run([source], { save: site });
    const other = (await once(model, [source, site], saved)).get(site);
    const run = await model.run([base], {
      interventions: { [site]: (x) => exchange(x, other, cell) },
    });
    return [...toFlat(run.last("output"))];
  });
}

async function largestError(
  model: AnalysisModel,
  pair: { clean: readonly number[]; corrupted: readonly number[] },
  options: { direction: "denoising" | "noising"; maxRows?: number; positions?: "each" | "all" },
): Promise<number> {
  const result = await patching(model, {
    ...pair,
    answer,
    wrongAnswer,
    kinds: kinds,
    ...options,
  });
  const runs =
    options.direction === "denoising" ? [pair.corrupted, pair.clean] : [pair.clean, pair.corrupted];
  let most = 0;
  for (const { kind, layers, columns, raw } of result.matrices) {
    for (const [row, layer] of layers.entries()) {
      for (const [at, column] of columns.entries()) {
        const logits = await bruteForce(model, runs, { kind, layer, ...column });
        const expected = logits[answer] - logits[wrongAnswer];
        most = Math.max(most, Math.abs(raw[row][at] - expected));
      }
    }
  }
  return most;
}

describe("activationPatching", () => {
  it.each([
    ["denoising", 7],
    ["denoising", undefined],
    ["noising", 1],
    ["noising", 10],
  ] as const)("equals single runs in every cell, %s with %s rows", async (direction, maxRows) => {
    for (const config of [llamaLike, gpt2Like]) {
      const error = await largestError(
        randomModel(config),
        { clean, corrupted },
        { direction, maxRows },
      );
      expect(error).toBeLessThan(1e-5);
    }
  });

  it("equals single runs for heads at single positions and layers at all positions", async () => {
    for (const positions of ["each", "all"] as const) {
      const options = { direction: "denoising", maxRows: 13, positions } as const;
      const error = await largestError(randomModel(llamaLike), { clean, corrupted }, options);
      expect(error).toBeLessThan(1e-5);
    }
  });

  it("becomes the clean run when everything is patched, and normalizes between the baselines", async () => {
    const model = randomModel(gpt2Like);
    const question = { clean, corrupted, answer, wrongAnswer };
    const denoised = await patching(model, { ...question, positions: "all" });
    expect(largestDifference(denoised.matrices[0].normalized, [[1], [1], [1]])).toBeLessThan(1e-5);
    const noised = await patching(model, {
      ...question,
      positions: "all",
      direction: "noising",
    });
    expect(largestDifference(noised.matrices[0].normalized, [[0], [0], [0]])).toBeLessThan(1e-5);
    expect(noised.baseline).toEqual(denoised.baseline);
  });

  it("changes nothing where the prompts do not differ yet", async () => {
    const { matrices } = await patching(randomModel(llamaLike), {
      clean,
      corrupted,
      answer,
      wrongAnswer,
      kinds: ["residual", "mlp"],
      positions: [0, -3],
      layers: [0, 2],
    });
    expect(matrices[0].layers).toEqual([0, 2]);
    expect(matrices[0].columns.map(({ position }) => position)).toEqual([0, 2]);
    expect(Math.abs(matrices[0].normalized[0][1])).toBeLessThan(1e-5); // same token, layer 0
    for (const { normalized } of matrices) {
      expect(Math.abs(normalized[0][0])).toBeLessThan(1e-5);
      expect(Math.abs(normalized[1][0])).toBeLessThan(1e-5);
    }
  });

  it.each(["denoising", "noising"] as const)(
    "says what each patched run would go on with, %s",
    async (direction) => {
      const model = randomModel(llamaLike);
      const options = { answer, wrongAnswer, kinds, direction, maxRows: 9 } as const;
      const result = await activationPatching(model, { clean, corrupted }, options);
      const runs = direction === "denoising" ? [corrupted, clean] : [clean, corrupted];
      for (const { kind, layers, columns } of matricesOf(result)) {
        const next: Grid = result.grids[`${kind}Next`]!;
        const probability: Grid = result.grids[`${kind}NextProbability`]!;
        let cell = 0;
        for (const layer of layers) {
          for (const column of columns) {
            const logits = await bruteForce(model, runs, { kind, layer, ...column });
            const best = logits.indexOf(Math.max(...logits));
            const total = logits.reduce((sum, one) => sum + Math.exp(one - logits[best]), 0);
            expect(next.values[cell]).toBe(best);
            expect(probability.values[cell++]).toBeCloseTo(1 / total, 5);
          }
        }
      }
      const said = async (ids: readonly number[]) => {
        const logits = [...toFlat((await model.run([ids])).last("output"))];
        return logits.indexOf(Math.max(...logits));
      };
      const own = result.tables.said.rows.map(({ id }) => id);
      expect(own).toEqual([await said(clean), await said(corrupted)]);
      expect(new Set(result.grids.residualNext!.values).size).toBeGreaterThan(1);
    },
  );

  it("says nothing of cells that are the mean of several runs", async () => {
    const question = { answer, source: "resample", reference: [clean, corrupted] } as const;
    const { grids } = await activationPatching(
      randomModel(llamaLike),
      { clean, corrupted },
      question,
    );
    expect(Object.keys(grids)).toEqual(["residual", "residualMetric", "residualByPair"]);
  });

  it("averages pairs, and keeps each", async () => {
    const model = randomModel(llamaLike);
    const pairs = { clean: [clean, corrupted], corrupted: [corrupted, clean] };
    const both = await patching(model, {
      ...pairs,
      answer: [3, 8],
      wrongAnswer: [8, 3],
      kinds: "head",
    });
    const [first, second] = both.matrices[0].perPair;
    const one = await patching(model, {
      clean,
      corrupted,
      answer,
      wrongAnswer,
      kinds: "head",
    });
    expect(largestDifference(first.raw, one.matrices[0].raw)).toBeLessThan(1e-6);
    const middle = first.raw[1].map((score, head) => (score + second.raw[1][head]) / 2);
    expect(largestDifference(both.matrices[0].raw[1], middle)).toBeLessThan(1e-6);
    expect(both.pairs.map((pair) => pair.answer.id)).toEqual([3, 8]);
  });

  it("takes probabilities and metrics of one's own", async () => {
    const model = randomModel(llamaLike);
    const question = { clean, corrupted, answer, layers: [1], positions: [1] };
    const named = await patching(model, { ...question, metric: "probability" });
    const own = await patching(model, {
      ...question,
      metric: (logits) => mx.softmax(logits, 1).index(mx.Slice(), answer),
    });
    expect(largestDifference(own.matrices[0].raw, named.matrices[0].raw)).toBeLessThan(1e-6);
    const logged = await patching(model, question);
    expect(logged.metric).toBe("logProbability");
    expect(Math.exp(logged.baseline.clean)).toBeCloseTo(named.baseline.clean, 6);
  });

  it("agrees with an edited model", async () => {
    const plain = randomModel(llamaLike);
    const other = await plain.run([[9, 9, 9, 9, 9]], { save: "layers.1.mlp" });
    const edited = plain.edit({ "layers.1.mlp": (x) => mx.add(x, other.get("layers.1.mlp")) });
    const error = await largestError(edited, { clean, corrupted }, { direction: "denoising" });
    expect(error).toBeLessThan(1e-5);
  });

  it("reports every pass, and stops when told", async () => {
    const model = randomModel(llamaLike);
    const question = { clean, corrupted, answer, maxRows: 4 };
    const seen: number[] = [];
    await patching(model, { ...question, onProgress: ({ done }) => seen.push(done) });
    expect(seen).toEqual([7, 11, 15]); // what stands before the first difference is known
    const stop = new AbortController();
    const stopped = patching(model, {
      ...question,
      signal: stop.signal,
      onProgress: ({ done }) => done === 7 && stop.abort(new Error("enough")),
    });
    await expect(stopped).rejects.toThrow("enough");
  });
});

describe("activationPatching refuses", () => {
  const model = randomModel(llamaLike);
  const question = { clean, corrupted, answer };

  it("prompts of different length, and shows both", async () => {
    const wrong = patching(model, { ...question, corrupted: [1, 2] });
    await expect(wrong).rejects.toMatchObject({
      code: "UNEQUAL_LENGTH",
      first: ["5", "17", "2", "25", "9"],
      second: ["1", "2"],
    });
  });

  it("two prompts that are the same, whatever rounding makes of their scores", async () => {
    for (const metric of ["logProbability", "logitDifference"] as const) {
      const same = { ...question, corrupted: clean, wrongAnswer, metric };
      const wrong = patching(model, same);
      await expect(wrong).rejects.toMatchObject({ code: "EQUAL_BASELINES", pair: 0 });
    }
  });

  it("two prompts whose scores differ by less than rounding", async () => {
    const barely = (logits: MxArray) =>
      mx.add(1000, mx.multiply(1e-3, logits.index(mx.Slice(), answer)));
    const wrong = patching(model, { ...question, metric: barely });
    await expect(wrong).rejects.toMatchObject({ code: "EQUAL_BASELINES", pair: 0 });
  });

  it("a logit difference without wrong answer, and a metric of the wrong shape", async () => {
    const missing = patching(model, { ...question, metric: "logitDifference" });
    await expect(missing).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    const shapeless = patching(model, { ...question, metric: (logits) => logits });
    await expect(shapeless).rejects.toMatchObject({ code: "METRIC_SHAPE" });
  });

  it("a batch without rows, an unknown kind, and lists that do not pair", async () => {
    const wrong = [{ maxRows: 0 }, { kinds: [] }, { corrupted: [clean, clean] }];
    for (const change of wrong) {
      await expect(patching(model, { ...question, ...change })).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
      });
    }
  });

  it("layers, heads and positions that do not exist", async () => {
    for (const wrong of [
      { layers: [3] },
      { positions: [5] },
      { kinds: "head", heads: [4] },
    ] as const)
      await expect(patching(model, { ...question, ...wrong })).rejects.toMatchObject({
        code: "OUT_OF_RANGE",
      });
  });
});

const stories260K = sharedModel("stories260K");

describe.skipIf(!stories260K.available)("activationPatching on stories260K", () => {
  it("equals single runs in every cell of a grouped-query model", async () => {
    const model = await loadModel(stories260K.folder);
    const pair = { clean: [1, 403, 407, 261, 378], corrupted: [1, 410, 407, 270, 378] };
    // Logits reach 20 here, and products sum in another order when they have more rows.
    expect(await largestError(model, pair, { direction: "denoising", maxRows: 50 })).toBeLessThan(
      2e-5,
    );
  });

  it("agrees with the built-in patching intervention", async () => {
    const model = await loadModel(stories260K.folder);
    const pair = { clean: [1, 403, 407, 261, 378], corrupted: [1, 410, 407, 270, 378] };
    const source = await model.run([pair.clean], { save: "layers.2.mlp" });
    const run = await model.run([pair.corrupted], {
      interventions: { "layers.2.mlp": patchFrom(source) },
    });
    const logits = [...toFlat(run.last("output"))];
    const { matrices } = await patching(model, {
      ...pair,
      answer,
      wrongAnswer,
      kinds: "mlp",
      positions: "all",
      layers: [2],
    });
    expect(matrices[0].raw[0][0]).toBeCloseTo(logits[answer] - logits[wrongAnswer], 5);
  });
});

const stories15M = sharedModel("stories15M");

describe.skipIf(!stories15M.available)("activationPatching on stories15M", () => {
  it("follows the indirect object from the names to the last position", async () => {
    const model = await loadModel(stories15M.folder);
    const { matrices, baseline, pairs } = await patching(model, {
      clean: "Tom and Sue went to the park. Sue gave a ball to",
      corrupted: "Sue and Tom went to the park. Tom gave a ball to",
      answer: " Tom",
      wrongAnswer: " Sue",
      kinds: ["residual", "attention"],
    });
    expect(pairs[0].answer.text).toBe(" Tom");
    expect(baseline.clean).toBeGreaterThan(5);
    expect(baseline.corrupted).toBeLessThan(-5);
    const [residual, attention] = matrices.map(({ normalized }) => normalized);
    const names = [1, 3, 9];
    const early = residual[0].map((value, position) => ({ value, position }));
    for (const { value, position } of early) {
      if (!names.includes(position)) expect(Math.abs(value)).toBeLessThan(0.01);
    }
    const last = residual[0].length - 1;
    expect(residual[5][last]).toBeGreaterThan(0.2); // layer 4 has moved a part of it there
    expect(attention[4][last] + attention[5][last]).toBeGreaterThan(0.8);
  });
});
