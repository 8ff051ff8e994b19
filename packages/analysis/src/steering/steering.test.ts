/** Steering sweeps against runs with vectors added by hand, and edits that are saved. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { editsToJSON, parseEdits } from "@mlxterp/interventions";
import { mx, toFlat } from "@mlxterp/mlx";
import {
  Decoder,
  initializeWeights,
  LanguageModel,
  loadModel,
  readControlVector,
  writeControlVector,
} from "@mlxterp/models";
import { valueAt } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import { rerun } from "../rerun.js";
import { gpt2Like, largestDifference } from "../shared/test-support.js";
import { builtInTask } from "../tasks/index.js";
import { fromControlVector, toControlVector } from "./control-vectors.js";
import { steerMethod } from "./method.js";
import { steer } from "./steer.js";
import { steeringInterventions, steeringVectors } from "./steering-vectors.js";

const decoder = initializeWeights(new Decoder(gpt2Like), { seed: 3, deviation: 0.3 });
const model = new LanguageModel(decoder, { config: gpt2Like });
const pairs = {
  clean: [[5, 17, 2], [7, 8, 1, 9], [30, 4, 99], [11, 12, 13]],
  corrupted: [[5, 18, 2], [7, 9, 1, 9], [30, 5, 99], [11, 14, 13]],
}; // biome-ignore format: prompts

const logProbability = (logits: ArrayLike<number>, id: number) => {
  const peak = Math.max(...Array.from(logits));
  return logits[id] - peak - Math.log(Array.from(logits).reduce((sum, one) => sum + Math.exp(one - peak), 0)); // biome-ignore format: one line
};

describe("steer", () => {
  it("gives the effect and the cost of runs with the vector added by hand", async () => {
    const asked = { answer: 42, layers: [1], strengths: [0.5, -1], nulls: 1 };
    const { grids, tables } = await steer(model, pairs, asked);
    const half = { clean: pairs.clean.slice(0, 2), corrupted: pairs.corrupted.slice(0, 2) };
    const read = async (ids: number[]) => toFlat((await model.run([ids], { save: "layers.1" })).last("layers.1")); // biome-ignore format: one line
    const [up, down] = [
      await Promise.all(half.clean.map(read)),
      await Promise.all(half.corrupted.map(read)),
    ];
    const difference = up[0].map(
      (_, at) => (up[0][at] + up[1][at] - down[0][at] - down[1][at]) / 2,
    );
    const size = Math.hypot(...difference);
    const length = [...up, ...down].reduce((sum, row) => sum + Math.hypot(...row), 0) / 4;
    const run = async (ids: number[], strength: number) => {
      const push = mx.array([...difference].map((one) => (one / size) * length * strength));
      return model.run([ids], { interventions: { "layers.1": (x) => mx.add(x, push) } });
    };
    for (const strength of [0.5, -1]) {
      const scores = await Promise.all(pairs.corrupted.slice(2).map(async (ids) => logProbability(toFlat((await run(ids, strength)).last("output")), 42))); // biome-ignore format: one line
      const place = { layer: 1, strength };
      expect(valueAt(grids.effect, place)).toBeCloseTo((scores[0] + scores[1]) / 2, 3);
      let [sum, count] = [0, 0];
      for (const ids of [...pairs.clean, ...pairs.corrupted]) {
        const [steered, plain] = [await run(ids, strength), await model.run([ids])].map((one) => one.get("output").tolist() as number[][][]); // biome-ignore format: one line
        for (let at = 0; at + 1 < ids.length; at++) {
          sum +=
            logProbability(plain[0][at], ids[at + 1]) - logProbability(steered[0][at], ids[at + 1]);
          count++;
        }
      }
      expect(valueAt(grids.cost, place)).toBeCloseTo(sum / count, 3);
    }
    const own = await Promise.all(pairs.corrupted.slice(2).map(async (ids) => logProbability(toFlat((await model.run([ids])).last("output")), 42))); // biome-ignore format: one line
    expect(tables.baselines.rows[0].effect).toBeCloseTo((own[0] + own[1]) / 2, 4);
    expect(grids.nullEffect.values[0]).not.toBe(grids.effect.values[0]);
  });

  it("steers the number of a verb in the model that ships, as random directions do not", async () => {
    const tiny = await loadModel("tiny");
    const { pairs, question } = builtInTask(tiny, "agreement", { size: 12 });
    const asked = { ...question, layers: [1, 2], strengths: [0.5, 1], instruction: "The girls" };
    const { tables } = await steer(tiny, pairs, { ...asked, most: 10 });
    const [plain, words] = tables.baselines.rows;
    expect(plain.effect).toBeLessThan(0); // the corrupted prompts want the other verb
    const [best] = tables.best.rows;
    expect(best.effect).toBeGreaterThan(0);
    expect(best.nullEffect).toBeLessThan(best.effect / 2);
    expect(words.what).toBe("asked in words");
  });

  it("scores answers of several tokens and sets behind prompts as they are steered", async () => {
    const [right, wrong] = [[42, 7, 12], [3, 9]]; // biome-ignore format: answers
    const asked = { layers: [1], strengths: [0.5], nulls: 2 };
    const answer = [{ sequence: right }, { sequence: right }, { sequence: right }, 5];
    const wrongAnswer = [7, 7, { sequence: wrong }, { any: [6, 8] }];
    const found = await steer(model, pairs, { ...asked, answer, wrongAnswer });
    const half = { clean: pairs.clean.slice(0, 2), corrupted: pairs.corrupted.slice(0, 2) };
    const [vector] = await steeringVectors(model, half, { layers: [1] });
    const interventions = steeringInterventions([vector], { strength: 0.5 });
    const next = async (ids: readonly number[]) => toFlat((await model.run([[...ids]], { interventions })).last("output")); // biome-ignore format: one line
    const sequence = async (ids: readonly number[], own: readonly number[]) => {
      let sum = 0;
      for (const [at, id] of own.entries()) sum += logProbability(await next([...ids, ...own.slice(0, at)]), id); // biome-ignore format: one line
      return sum;
    };
    const [third, fourth] = pairs.corrupted.slice(2);
    const last = await next(fourth);
    const any = Math.log([6, 8].reduce((sum, id) => sum + Math.exp(logProbability(last, id)), 0));
    const each = [
      (await sequence(third, right)) - (await sequence(third, wrong)),
      logProbability(last, 5) - any,
    ];
    const { values, low, high } = found.grids.effect;
    expect(values[0]).toBeCloseTo((each[0] + each[1]) / 2, 3);
    expect(low![0]).toBeCloseTo(Math.min(...each), 3);
    expect(high![0]).toBeCloseTo(Math.max(...each), 3);
    expect(found.asked.answer).toEqual(answer);
    const again = await rerun(model, steerMethod, found);
    expect([...again.grids.effect.values]).toEqual([...values]);
    const { low: least, high: most } = found.grids.nullEffect;
    expect(most![0]).toBeGreaterThan(least![0]);
    expect(found.tables.best.rows.every(({ nullHigh }) => nullHigh === most![0])).toBe(true);
  });

  it("reads pairs of different length where marked words stand for each other", async () => {
    const ragged = {
      clean: [[5, 17, 18, 2, 9]],
      corrupted: [[5, 30, 2, 9]],
      spans: [{ clean: [1, 3], corrupted: [1, 2] }],
    } as const;
    const states = async (ids: readonly number[]) => (await model.run([[...ids]], { save: "layers.1" })).get("layers.1").tolist() as number[][][]; // biome-ignore format: one line
    const [[own], [other]] = [await states(ragged.clean[0]), await states(ragged.corrupted[0])];
    const direction = async (position: number | "spans") => [
      ...(await steeringVectors(model, ragged, { layers: [1], position }))[0].direction,
    ];
    const between = (up: number[], down: number[]) => {
      const difference = up.map((one, at) => one - down[at]);
      return difference.map((one) => one / Math.hypot(...difference));
    };
    const mean = own[1].map((one, at) => (one + own[2][at]) / 2);
    expect(largestDifference(await direction("spans"), between(mean, other[1]))).toBeLessThan(1e-4);
    expect(largestDifference(await direction(3), between(own[3], other[2]))).toBeLessThan(1e-4);
    expect(largestDifference(await direction(2), between(own[2], other[1]))).toBeLessThan(1e-4);
    await expect(direction(1)).rejects.toThrow("stands for it");
    const { spans: _none, ...bare } = ragged;
    const unmarked = steeringVectors(model, bare, { position: "spans" });
    await expect(unmarked).rejects.toThrow("no words of pair 0 are marked");
    const beside = { ...ragged, spans: [{ clean: [1, 3], corrupted: [2, 3] }] } as const;
    await expect(steeringVectors(model, beside)).rejects.toMatchObject({ code: "UNEQUAL_LENGTH" });
  });

  it("says that one pair is steered by itself, and refuses what does not fit", async () => {
    const one = { clean: [[5, 17]], corrupted: [[5, 18]] };
    const { notes } = await steer(model, one, { answer: 3, layers: [0], strengths: [1], nulls: 0 });
    expect(notes.map(({ code }) => code)).toEqual(["ONE_PAIR"]);
    const same = { clean: [[5, 17]], corrupted: [[5, 17]] };
    await expect(steer(model, same, { answer: 3 })).rejects.toThrow("do not differ");
    await expect(steer(model, one, { answer: 3, strength: [1] } as never)).rejects.toThrow('Did you mean "strengths"?'); // biome-ignore format: one line
  });
});

describe("control vectors", () => {
  it("hold what is added, and do the same when they are read again", async () => {
    const vectors = await steeringVectors(model, pairs);
    const folder = mkdtempSync(join(tmpdir(), "mlxterp-steering-"));
    const file = join(folder, "vector.gguf");
    writeControlVector(file, toControlVector(vectors, 0.5));
    const again = fromControlVector(readControlVector(file));
    rmSync(folder, { recursive: true });
    expect(again.map(({ layer }) => layer)).toEqual([1, 2]);
    const logits = async (own: typeof vectors, strength: number) => {
      const interventions = steeringInterventions(own, { strength, layers: [1, 2] });
      return [...toFlat((await model.run([[1, 2, 3]], { interventions })).last("output"))];
    };
    expect(largestDifference(await logits(vectors, 0.5), await logits(again, 1))).toBeLessThan(
      1e-4,
    );
    expect(() => toControlVector(vectors.slice(0, 1))).toThrow("layer 0");
    const zeros = { directions: new Map([[1, new Float32Array(24)]]) };
    expect(() => fromControlVector(zeros)).toThrow("points nowhere");
  });
});

describe("steeringInterventions", () => {
  it("make an edit that is saved and does the same again", async () => {
    const vectors = await steeringVectors(model, pairs, { rule: "logistic" });
    expect(vectors.map(({ layer }) => layer)).toEqual([0, 1, 2]);
    const interventions = steeringInterventions(vectors, { strength: 0.5, layers: [-1] });
    expect(Object.keys(interventions)).toEqual(["layers.2"]);
    const steered = model.edit(interventions as never, { name: "up" });
    const again = model.withEdits(parseEdits(JSON.parse(JSON.stringify(editsToJSON(steered)))));
    const [a, b] = await Promise.all([steered, again].map(async (one) => toFlat((await one.run([[1, 2]])).last("output")))); // biome-ignore format: one line
    expect(largestDifference([...a], [...b])).toBeLessThan(1e-5);
    expect(() => steeringInterventions(vectors.slice(1), { strength: 1, layers: [0] })).toThrow("no vector of layer 0"); // biome-ignore format: one line
    expect(() => steeringInterventions(vectors, { strength: Number.NaN })).toThrow("finite");
  });
});

it("texts of one token have no fluency, which is said instead of a number that is none", async () => {
  const short = { clean: [[5]], corrupted: [[6]] };
  await expect(steer(model, short, { answer: 7, layers: [1], nulls: 0 })).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
    argument: "texts",
  });
});
