/** Interchange interventions against pyvene's numbers, and on models whose variables are known. */
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { loadModel } from "@mlxterp/models";
import { valueAt } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import { largestDifference } from "../shared/test-support.js";
import { builtInTask } from "../tasks/index.js";
import { hasMethodCase, modelOfCase, openMethodCase } from "../testing/method-cases.js";
import { sweep } from "../testing/sweeps.js";
import { type CausalModel, counterfactuals, runCausalModel } from "./causal-model.js";
import { das, learnAlignment } from "./das.js";
import { boundlessMask, mix, nearestOrthonormal, randomOrthonormal, type Subspace } from "./mix.js";
import { holdPairs, interchangedLogits } from "./runs.js";

describe.each(["gpt2", "llama"].filter((name) => hasMethodCase("das", name)))(
  "interchange in %s, computed by pyvene",
  (name) => {
    const reference = openMethodCase("das", name);
    const { clean, corrupted, layer, position, options } = reference.about;
    const hidden = 48;
    const rotation = mx.array(reference.numbers("rotation")).reshape([hidden, hidden]);
    const masks = mx.array(reference.numbers("masks"));
    const first = (k: number) => rotation.index(mx.Slice(), mx.Slice(0, k));
    const parts: Readonly<Record<string, () => Subspace>> = {
      vanilla: () => ({}),
      rotated: () => ({ rotation: first(options.rotated.k) }),
      low_rank: () => ({ rotation: first(options.low_rank.k) }),
      boundless: () => ({ rotation, mask: boundlessMask(mx.array(options.boundless.boundary), hidden, options.boundless.temperature) }), // biome-ignore format: one line
      sigmoid_mask_rotated: () => ({ rotation, mask: mx.sigmoid(mx.divide(masks, options.sigmoid_mask_rotated.temperature)) }), // biome-ignore format: one line
      sigmoid_mask: () => ({
        mask: mx.sigmoid(mx.divide(masks, options.sigmoid_mask.temperature)),
      }),
    };

    it.each(Object.keys(parts))("has the activation and the logits of %s", async (kind) => {
      const trained = await modelOfCase("das", name);
      const pair = { clean: clean[0], corrupted: corrupted[0], answer: 5, wrongAnswer: 7 };
      const held = await holdPairs(trained, [pair], layer, position);
      const mixed = toFlat(mix(held.base, held.source, parts[kind]()));
      expect(largestDifference([...mixed], reference.numbers(`${kind}.activation`))).toBeLessThan(
        2e-4,
      );
      const logits = toFlat(interchangedLogits(trained, held, parts[kind]()));
      expect(largestDifference([...logits], reference.numbers(`${kind}.logits_last`))).toBeLessThan(
        3e-4,
      );
    });
  },
);

describe("nearestOrthonormal", () => {
  it("has orthonormal columns that span what was given", () => {
    const columns = mx.add(randomOrthonormal(20, 4, 1), mx.multiply(mx.random.normal([20, 4], mx.float32, 0, 1, mx.random.key(2)), 0.05)); // biome-ignore format: one line
    const own = nearestOrthonormal(columns);
    expect(largestDifference([...toFlat(mx.matmul(own.T, own))], [...toFlat(mx.eye(4))])).toBeLessThan(1e-5); // biome-ignore format: one line
    const rest = mx.subtract(columns, mx.matmul(own, mx.matmul(own.T, columns)));
    expect(Math.max(...toFlat(mx.abs(rest)))).toBeLessThan(1e-5);
  });
});

/** Position 0 holds a flag, the end an ender; whether they agree says if the first or the second word is copied. */
const gate: CausalModel = {
  inputs: {
    flag: [16, 17],
    end: [18, 19],
    ...Object.fromEntries(["a", "b", "c", "d", "e", "f"].map((name) => [name, Array.from({ length: 16 }, (_, id) => id)])), // biome-ignore format: one line
  },
  variables: {
    open: { from: ["flag", "end"], compute: (flag, end) => (flag === 17) !== (end === 19) },
    copied: { from: ["open", "a", "b"], compute: (open, a, b) => (open ? b : a) },
  },
  output: "copied",
  prompt: ({ flag, a, b, c, d, e, f, end }) => [flag, a, b, c, d, e, f, end] as number[],
  allowed: ({ a, b, c, d, e, f }) => new Set([a, b, c, d, e, f]).size === 6,
};

describe.skipIf(!hasMethodCase("planted", "gpt2-gate"))("the planted gate", () => {
  it.each(["rotation", "boundless", "mask"] as const)(
    "is found from few pairs whatever their draw, as it is asked without options: %s",
    async (kind) => {
      const trained = await modelOfCase("planted", "gpt2-gate");
      for (const seed of sweep([14, 2], 1)) {
        const { pairs, question } = counterfactuals(gate, "open", { size: 48, seed });
        const asked = { ...question, layers: [1], kind, nulls: 1, seed };
        const { grids } = await das(trained, pairs as never, asked);
        const at = { layer: 1, position: -1 };
        expect(valueAt(grids.accuracy, at)).toBeGreaterThanOrEqual(0.95);
        expect(valueAt(grids.dimensions, at)).toBeLessThanOrEqual(2);
        expect(valueAt(grids.random, at)).toBeLessThan(0.1);
      }
    },
  );

  it("is found in one direction after the MLP that computes it, and in no random one", async () => {
    const trained = await modelOfCase("planted", "gpt2-gate");
    const reference = openMethodCase("planted", "gpt2-gate");
    const [first] = reference.pairs.clean; // whether the hypothesis says what the model does
    const values = runCausalModel(gate, {
      flag: first[0],
      a: first[1],
      b: first[2],
      end: first[7],
    });
    const turned = values.copied === reference.question.answer[0] ? gate : { ...gate, variables: { ...gate.variables, copied: { ...gate.variables.copied, compute: (open: unknown, a: unknown, b: unknown) => (open ? a : b) as number } } }; // biome-ignore format: one line
    const { pairs, question } = counterfactuals(turned, "open", { size: 480, seed: 1 });
    const asked = {
      ...question,
      layers: [1],
      steps: 60,
      learningRate: 0.05,
      batchSize: 120,
      nulls: 2,
    };
    const { grids, tables } = await das(trained, pairs as never, asked);
    const at = { layer: 1, position: -1 };
    expect(valueAt(grids.accuracy, at)).toBeGreaterThanOrEqual(0.95);
    expect(valueAt(grids.dimensions, at)).toBe(1);
    expect(valueAt(grids.random, at)).toBeLessThan(0.05);
    expect(valueAt(grids.whole, at)).toBe(1);
    expect(tables.untouched.rows[1].accuracy).toBeLessThan(0.05);
  });
});

describe("das on the model that ships", () => {
  it("finds the number of the subject in one direction of layer 2, and not by chance", async () => {
    const tiny = await loadModel("tiny");
    const { pairs, question } = builtInTask(tiny, "agreement", { size: 24 });
    const asked = { ...question, layers: [2], steps: 40, learningRate: 0.05 };
    const { grids } = await das(tiny, pairs, asked);
    const at = { layer: 2, position: -1 };
    expect(valueAt(grids.accuracy, at)).toBeGreaterThanOrEqual(0.95);
    expect(valueAt(grids.random, at)).toBeLessThan(0.2);
    expect(valueAt(grids.whole, at)).toBe(1);
    const sizes = await das(tiny, pairs, { ...asked, kind: "boundless", nulls: 1 });
    expect(valueAt(sizes.grids.accuracy, at)).toBeGreaterThanOrEqual(0.9);
    expect(valueAt(sizes.grids.dimensions, at)).toBeLessThan(64);
    expect(valueAt(sizes.grids.random, at)).toBeLessThan(0.5);
    const masked = await das(tiny, pairs, { ...asked, kind: "mask", nulls: 1 });
    expect(valueAt(masked.grids.accuracy, at)).toBeGreaterThanOrEqual(0.9);
    expect(valueAt(masked.grids.dimensions, at)).toBeLessThan(64);
    const { rotation } = await learnAlignment(tiny, pairs, { ...asked, steps: 5 });
    const gram = mx.matmul((rotation as MxArray).T, rotation as MxArray);
    expect(Number(gram.item())).toBeCloseTo(1, 4);
  });
});

describe("counterfactuals", () => {
  it("say what happens when one variable alone comes from the source", () => {
    const { pairs, question } = counterfactuals(gate, "open", { size: 20, seed: 3 });
    for (const [at, ids] of (pairs.clean as number[][]).entries()) {
      const source = pairs.corrupted[at] as number[];
      const open = (own: number[]) => (own[0] === 17) !== (own[7] === 19);
      expect(open(ids)).not.toBe(open(source));
      expect(question.answer[at]).toBe(open(ids) ? ids[2] : ids[1]);
      expect(question.wrongAnswer[at]).toBe(open(source) ? ids[2] : ids[1]);
    }
    expect(counterfactuals(gate, "open", { size: 20, seed: 3 })).toEqual({ pairs, question });
    expect(() => counterfactuals(gate, "shut")).toThrow("there are open, copied");
    const broken = { ...gate, variables: { x: { from: ["y"], compute: () => 1 } }, output: "x" };
    expect(() => counterfactuals(broken, "x")).toThrow('depends on "y"');
  });
});
