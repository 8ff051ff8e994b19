/** Probes on activations with a planted direction, on labels by chance, and on a store read batch by batch. */
import { type MxArray, mx, uniformNumbers } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel, loadModel } from "@mlxterp/models";
import { valueAt } from "@mlxterp/results";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rowsOf, times } from "../directions/matrix.js";
import { gpt2Like } from "../shared/test-support.js";
import { builtInTask } from "../tasks/index.js";
import { attentionScores } from "./attention-probe.js";
import { accuracy, auroc, foldsOf } from "./judge.js";
import { fitProbe } from "./linear-probe.js";
import { pairGroups, splitsOf } from "./pair-groups.js";
import { probe } from "./probe.js";
import { type ProbeStore, trainStoreProbe } from "./store-probe.js";

const decoder = initializeWeights(new Decoder(gpt2Like), { seed: 3, deviation: 0.3 });
const model = new LanguageModel(decoder, { config: gpt2Like });

/** Texts are numbers with blanks between. */
const digits = {
  vocabSize: 256,
  encode: (text: string) => text.split(" ").filter(Boolean).map(Number),
  decode: (ids: readonly number[]) => ids.join(" "),
  pieces: (ids: readonly number[]) => ids.map(String),
} as never;

/** Pairs that differ in one token: 40 or 41, at position 2. */
function planted(count: number, token: (positive: boolean, pair: number) => number) {
  const random = uniformNumbers(5);
  const bodies = Array.from({ length: count }, () => Array.from({ length: 5 }, () => Math.floor(random() * 30))); // biome-ignore format: one line
  const of = (positive: boolean) => bodies.map((ids, pair) => ids.with(2, token(positive, pair)));
  return { clean: of(true), corrupted: of(false) };
}

const difference = planted(40, (positive) => (positive ? 40 : 41));

describe("probe", () => {
  it("reads a planted token on held-out pairs, and control tasks only by chance", async () => {
    const asked = { positions: [2, 0], folds: 4, nulls: 6 };
    const { grids } = await probe(model, difference, asked);
    for (const layer of [0, 1, 2]) {
      expect(valueAt(grids.accuracy, { layer, position: 2 })).toBeGreaterThan(0.95);
      expect(valueAt(grids.auroc, { layer, position: 2 })).toBeGreaterThan(0.98);
      expect(Math.abs(valueAt(grids.control, { layer, position: 2 }) - 0.5)).toBeLessThan(0.25);
      expect(valueAt(grids.accuracy, { layer, position: 0 })).toBeLessThan(0.75); // before the token
    }
    const gap = valueAt(grids.selectivity, { layer: 1, position: 2 });
    const [own, chance] = [grids.accuracy, grids.control].map((grid) => valueAt(grid, { layer: 1, position: 2 })); // biome-ignore format: one line
    expect(gap).toBeCloseTo(own - chance, 6);
    expect(grids.accuracy.low?.[0]).toBeGreaterThan(0.85);
  });

  it.each(["logistic", "massMean"] as const)(
    "is right by half where both prompts are the same so far, whose rounding tells which is which: %s",
    async (rule) => {
      const tiny = await loadModel("tiny");
      const { pairs } = builtInTask(tiny, "agreement", { size: 8 });
      const { grids } = await probe(tiny, pairs, { rule, positions: [0, 1], nulls: 0 });
      expect([...new Set(grids.accuracy.values)]).toEqual([0.5]);
      expect([...new Set(grids.train.values)]).toEqual([0.5]);
    },
  );

  it("finds nothing where classes do not differ but by chance, however well it fits", async () => {
    const random = uniformNumbers(9);
    const { grids } = await probe(
      model,
      planted(16, () => 100 + Math.floor(random() * 100)),
      {
        positions: "mean",
        layers: [1],
        nulls: 0,
      },
    );
    expect(grids.train.values[0]).toBeGreaterThan(grids.accuracy.values[0] + 0.1);
    expect(grids.accuracy.values[0]).toBeLessThan(0.75);
  });

  it.each(["mean", "max", "attention"] as const)(
    "reads the token wherever it is by pooling: %s",
    async (positions) => {
      const { grids } = await probe(model, difference, { positions, layers: [0], nulls: 0, folds: 4, rule: "logistic" }); // biome-ignore format: one line
      expect(grids.accuracy.values[0]).toBeGreaterThan(0.8);
    },
  );

  it("holds groups of pairs out together, so that what they share does not count", async () => {
    const [count, subjects] = [24, 4];
    const subject = (pair: number) => pair % subjects;
    // which of two tokens is the positive one is known of each subject, and of no other
    const token = (positive: boolean, pair: number) =>
      200 + 2 * subject(pair) + (positive === (subject(pair) % 2 === 0) ? 1 : 0);
    const pairs = planted(count, token);
    const asked = { positions: [2], layers: [0], folds: 4, nulls: 2 };
    const apart = await probe(model, pairs, asked);
    expect(apart.grids.accuracy.values[0]).toBeGreaterThan(0.75);
    const groups = Array.from({ length: count }, (_, pair) => `subject ${subject(pair)}`);
    const together = await probe(model, pairs, { ...asked, groups });
    expect(together.grids.accuracy.values[0]).toBeLessThan(0.5);
    expect(together.notes[0].text).toContain("4 groups");
    const one = await probe(model, pairs, { ...asked, groups: groups.map(() => 1) });
    expect(one.grids.accuracy.values[0]).toBeNaN();
    const few = probe(model, pairs, { ...asked, groups: ["a"] });
    await expect(few).rejects.toThrow("1 groups do not fit 24 pairs");
    const twice = { clean: [...pairs.clean, pairs.clean[0]], corrupted: [...pairs.corrupted, pairs.corrupted[1]] }; // biome-ignore format: one line
    const { notes } = await probe(model, twice, { ...asked, nulls: 0 });
    expect(notes.map(({ code }) => code)).toEqual(["SHARED_PROMPTS"]);
  });

  it("reads marked words of prompts of any length, also behind other text", async () => {
    const random = uniformNumbers(8);
    const body = (length: number) => Array.from({ length }, () => Math.floor(random() * 30));
    const made = Array.from({ length: 16 }, (_, at) => ({ before: body(at % 3), after: body(1 + (at % 2)) })); // biome-ignore format: one line
    const of = (id: number, filler: number[]) => made.map(({ before, after }) => [...before, id, ...filler, ...after]); // biome-ignore format: one line
    const spans = made.map(({ before }) => [
      { clean: [before.length, before.length + 1], corrupted: [before.length, before.length + 2] },
    ]);
    const ragged = { clean: of(40, []), corrupted: of(41, [50]), spans: spans as never };
    const asked = { layers: [0], folds: 4, nulls: 0, longer: "7" };
    const numbers = new LanguageModel(decoder, { config: gpt2Like, tokenizer: digits });
    const { grids } = await probe(numbers, ragged, { ...asked, positions: "spans" });
    expect(grids.accuracy.values[0]).toBeGreaterThan(0.95);
    expect(grids.longer!.values[0]).toBeGreaterThan(0.9);
    const wrong = probe(numbers, { ...ragged, spans: undefined }, { ...asked, positions: "spans" });
    await expect(wrong).rejects.toThrow("no words of pair 0 are marked");
  });

  it("refuses what a probe that learns where to look has not", async () => {
    const sparse = probe(model, difference, { positions: "attention", sparse: 2 });
    await expect(sparse).rejects.toThrow("sparse");
    const means = probe(model, difference, { positions: "attention", rule: "massMean" });
    await expect(means).rejects.toThrow("logistic regression");
  });

  it("never has a group on both sides, nor a prompt that is judged twice or not at all", () => {
    const cases = fc.record({
      names: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 2, maxLength: 60 }),
      folds: fc.integer({ min: 2, max: 12 }),
      seed: fc.nat(1e6),
    });
    fc.assert(
      fc.property(cases, ({ names, folds, seed }) => {
        const held = pairGroups({ positive: names.map(() => [1]) }, names);
        fc.pre(held.count > 1);
        const splits = splitsOf(held, folds, seed);
        for (const { train, test } of splits) {
          const groups = (list: readonly number[]) => new Set(list.map((at) => names[Math.floor(at / 2)])); // biome-ignore format: one line
          expect([...groups(train)].filter((name) => groups(test).has(name))).toEqual([]);
          expect(train.length * test.length).toBeGreaterThan(0);
        }
        const judged = splits.flatMap(({ test }) => test).sort((a, b) => a - b);
        expect(judged).toEqual(Array.from({ length: 2 * names.length }, (_, at) => at));
      }),
      { numRuns: 60 },
    );
  });

  it("keeps pairs together, and says when there are too few", async () => {
    const fold = foldsOf(10, 3, uniformNumbers(1));
    expect([0, 1, 2].map((part) => fold.filter((one) => one === part).length).sort()).toEqual([3, 3, 4]); // biome-ignore format: one line
    const one = await probe(model, { clean: [[1, 2]], corrupted: [[3, 4]] }, { nulls: 1 });
    expect(one.notes.map(({ code }) => code)).toEqual(["NOT_HELD_OUT"]);
    expect(one.grids.accuracy.values[0]).toBeNaN();
    const uneven = { clean: [[1, 2]], corrupted: [[3, 4, 5]] };
    await expect(probe(model, uneven, { positions: "each" })).rejects.toThrow("one length");
    await expect(probe(model, { clean: [[1]], corrupted: [] as never }, {})).rejects.toThrow();
  });

  it("reads the number of the subject of the model that ships, also behind other text", async () => {
    const tiny = await loadModel("tiny");
    const { pairs } = builtInTask(tiny, "agreement", { size: 16 });
    const asked = { layers: [0, 2], folds: 4, longer: "Mary went to the park ." };
    const { grids } = await probe(tiny, pairs, asked);
    expect(valueAt(grids.accuracy, { layer: 2, position: "last" })).toBeGreaterThan(0.85);
    expect(grids.longer!.values).toHaveLength(2);
  });
});

describe("fitProbe", () => {
  const rows = mx.random.normal([80, 12], mx.float32, 0, 1, mx.random.key(3));
  const host = rowsOf(rows);
  const labels = Array.from({ length: 80 }, (_, at) => (2 * host.values[at * 12 + 4] - host.values[at * 12 + 7] > 0 ? 1 : 0)); // biome-ignore format: one line

  it("finds the few coordinates that matter, and reads only those", () => {
    const probe = fitProbe(rows, labels, { sparse: 2 });
    expect(probe.coordinates).toEqual([4, 7]);
    expect([...probe.direction].filter((one) => one !== 0)).toHaveLength(2);
    const scores = times(host, probe.direction).map((one) => one + probe.bias);
    expect(accuracy(scores, labels)).toBeGreaterThan(0.95);
  });

  it("reads nothing from columns that vary by their rounding only", () => {
    const constant = mx.add(mx.zeros([80, 1]), 1000.1);
    const probe = fitProbe(mx.concatenate([rows, constant], 1), labels);
    expect(Math.abs(probe.direction[12])).toBeLessThan(1e-6);
    const few = fitProbe(mx.concatenate([constant, rows], 1), labels, { sparse: 2 });
    expect(few.coordinates).toEqual([5, 8]);
  });

  it("puts the line of class means in the middle between them", () => {
    const probe = fitProbe(mx.array([[2, 0], [4, 1], [-2, 0], [-4, 1]]), [1, 1, 0, 0], { rule: "massMean" }); // biome-ignore format: one line
    expect([...probe.direction]).toEqual([6, 0]);
    expect(probe.bias).toBeCloseTo(0, 12);
    expect(() => fitProbe(rows, labels.slice(1))).toThrow("79 labels");
    expect(() =>
      fitProbe(
        rows,
        labels.map(() => 1),
      ),
    ).toThrow("0 or 1, and both");
  });

  it("counts pairs in order, ties half", () => {
    expect(auroc([0.1, 0.9, 0.5, 0.5], [0, 1, 1, 0])).toBe(0.875);
    expect(auroc([1, 2], [1, 1])).toBeNaN();
    expect(auroc([1, Number.NaN, 3], [0, 1, 1])).toBeNaN(); // it looked for its equals without end
  });
});

describe("the attention probe", () => {
  it("finds one position in many by what stands there", async () => {
    const [count, width] = [40, 12];
    const noise = mx.random.normal([count, width, 6], mx.float32, 0, 1, mx.random.key(1));
    const random = uniformNumbers(2);
    const labels = Array.from({ length: count }, () => (random() < 0.5 ? 1 : 0));
    const marks = labels.map((label) => {
      const at = Math.floor(random() * width);
      return Array.from({ length: width }, (_, place) => (place === at ? [6, label ? 3 : -3, 0, 0, 0, 0] : [0, 0, 0, 0, 0, 0])); // biome-ignore format: one line
    });
    const value = mx.add(noise, mx.array(marks as never) as MxArray);
    const states = (from: number, to: number) => ({ value: value.index(mx.Slice(from, to)), lengths: new Array(to - from).fill(width) }); // biome-ignore format: one line
    const scores = await attentionScores(states(0, 24), labels.slice(0, 24), states(24, 40));
    expect(accuracy(scores, labels.slice(24))).toBeGreaterThan(0.85);
  });
});

describe("trainStoreProbe", () => {
  const [count, width] = [3000, 8];
  const rows = mx.random.normal([count, width], mx.float32, 1, 2, mx.random.key(6));
  const host = rowsOf(rows);
  const labels = Array.from({ length: count }, (_, at) => (host.values[at * width] - host.values[at * width + 3] > 0.3 ? 1 : 0)); // biome-ignore format: one line
  const read: number[] = [];
  const store: ProbeStore = {
    rows: count,
    origins: (which) => ({ sequence: Int32Array.from(which, (at) => Math.floor(at / 10)) }),
    async *batches({ batchSize, epochs = 1 }) {
      for (let epoch = 0; epoch < epochs; epoch++) {
        for (let from = 0; from < count; from += batchSize) {
          const which = Array.from({ length: Math.min(batchSize, count - from) }, (_, at) => from + at); // biome-ignore format: one line
          read.push(which.length);
          const index = mx.array(which, mx.int32);
          yield {
            rows: which,
            activations: { x: mx.take(rows, index, 0), "#y": mx.array(which.map((at) => labels[at]), mx.int32) }, // biome-ignore format: one line
          };
        }
      }
    },
  };

  it("finds what a fit of all rows finds, without ever having more than a batch", async () => {
    const asked = { site: "x", label: "y", batchSize: 100, epochs: 6 };
    const found = await trainStoreProbe(store, asked);
    expect(Math.max(...read)).toBe(100);
    expect(found.heldOutRows).toBe(600);
    expect(found.trainRows).toBe(2400);
    expect(found.accuracy).toBeGreaterThan(0.96);
    expect(found.majority).toBeLessThan(0.7);
    const whole = fitProbe(rows, labels);
    const cosine = (a: Float64Array, b: Float64Array) =>
      a.reduce((sum, one, at) => sum + one * b[at], 0) / (Math.hypot(...a) * Math.hypot(...b));
    expect(cosine(found.direction, whole.direction)).toBeGreaterThan(0.99);
  });

  it("has the exact class means of the rows that are trained on", async () => {
    const found = await trainStoreProbe(store, { site: "x", label: "y", rule: "massMean", batchSize: 700 }); // biome-ignore format: one line
    const kept = labels.map((_, at) => (Math.floor(at / 10) + 1) % 5 !== 0);
    const means = [1, 0].map((label) => {
      const own = labels.flatMap((one, at) => (kept[at] && one === label ? [at] : []));
      return Array.from({ length: width }, (_, column) => own.reduce((sum, at) => sum + host.values[at * width + column], 0) / own.length); // biome-ignore format: one line
    });
    for (const [at, value] of found.direction.entries()) {
      expect(value).toBeCloseTo(means[0][at] - means[1][at], 3);
    }
  });

  it("finds the same where columns are far from 0, or constant", async () => {
    const far = mx.concatenate([mx.add(rows, 3000), mx.add(mx.zeros([count, 1]), 1000.1)], 1);
    const away: ProbeStore = {
      ...store,
      async *batches(options) {
        for await (const { rows: which, activations } of store.batches(options)) {
          const index = mx.array([...which], mx.int32);
          yield { rows: which, activations: { ...activations, x: mx.take(far, index, 0) } };
        }
      },
    };
    const asked = { site: "x", label: "y", batchSize: 500, epochs: 3 };
    const [near, found] = [await trainStoreProbe(store, asked), await trainStoreProbe(away, asked)];
    expect(found.accuracy).toBeCloseTo(near.accuracy, 2);
    for (const [at, value] of near.direction.entries()) {
      expect(Math.abs(found.direction[at] - value)).toBeLessThan(0.02);
    }
    expect(Math.abs(found.direction[width])).toBeLessThan(1e-3);
  });

  it("holds rows of one group out together, whatever sequences they are of", async () => {
    const grouped: ProbeStore = {
      ...store,
      async *batches(options) {
        for await (const { rows: which, activations } of store.batches(options)) {
          const group = mx.array(which.map((at) => at % 7), mx.int32); // biome-ignore format: one list
          yield { rows: which, activations: { ...activations, "#g": group } };
        }
      },
    };
    const asked = { site: "x", label: "y", rule: "massMean", holdOut: 7 } as const;
    const found = await trainStoreProbe(grouped, { ...asked, group: "g" });
    expect(found.heldOutRows).toBe(Math.floor(count / 7)); // those of group 6, and no other
    const means = [1, 0].map((label) => {
      const own = labels.flatMap((one, at) => (at % 7 !== 6 && one === label ? [at] : []));
      return own.reduce((sum, at) => sum + host.values[at * width], 0) / own.length;
    });
    expect(found.direction[0]).toBeCloseTo(means[0] - means[1], 3);
  });

  it("refuses labels that are none, and stores of one class", async () => {
    const other = { ...store, batches: () => once(mx.array([2, 0], mx.int32)) };
    const asked = { site: "x", label: "y" };
    await expect(trainStoreProbe(other, asked)).rejects.toThrow("must hold 0 and 1");
    const same = { ...store, batches: () => once(mx.array([1, 1], mx.int32)) };
    await expect(trainStoreProbe(same, asked)).rejects.toThrow("both are needed");
  });
});

async function* once(labels: MxArray) {
  yield { rows: [0, 1], activations: { x: mx.ones([2, 3]), "#y": labels } };
}
