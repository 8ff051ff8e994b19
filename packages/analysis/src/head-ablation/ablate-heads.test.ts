/** Head ablation, against runs with the intervention written out by hand. */
import { mx, toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel } from "@mlxterp/models";
import { describe, expect, it } from "vitest";
import { largestDifference, llamaLike } from "../shared/test-support.js";
import { ablateHeads } from "./ablate-heads.js";
import type { AblationResult } from "./result.js";

const config = llamaLike;
const decoder = initializeWeights(new Decoder(config), { seed: 6, deviation: 0.35 });
const model = new LanguageModel(decoder, { config });
const prompts = [
  [5, 17, 2, 25, 9],
  [3, 8],
  [1, 2, 3],
];
const question = { answer: 3, wrongAnswer: 8 };

function scoresOf({ tables }: AblationResult) {
  const { rows } = tables.scores;
  return {
    baseline: rows.map(({ baseline }) => baseline),
    ablated: rows.map(({ ablated }) => ablated),
  };
}

async function scores(mask: number[], fill = 0, layer = 1): Promise<number[]> {
  const keep = mx.array(mask).reshape([1, 1, -1, 1]);
  const lost = mx.multiply(mx.subtract(1, keep), fill);
  const list: number[] = [];
  for (const ids of prompts) {
    const run = await model.run([ids], {
      interventions: { [`layers.${layer}.selfAttn.z`]: (x) => mx.add(mx.multiply(x, keep), lost) },
    });
    const logits = toFlat(run.last("output"));
    list.push(logits[3] - logits[8]);
  }
  return list;
}

describe("ablateHeads", () => {
  it("sets the named heads to zero, in prompts of any length", async () => {
    const heads = [
      [1, 0],
      [-2, -1],
    ] as const;
    const result = await ablateHeads(model, prompts, {
      ...question,
      heads,
      method: "zero",
      batchSize: 2,
    });
    expect(result.asked.heads).toEqual([
      [1, 0],
      [1, 3],
    ]);
    const expected = await scores([0, 1, 1, 0]);
    expect(largestDifference(scoresOf(result).ablated, expected)).toBeLessThan(1e-4);
    const baseline = await scores([1, 1, 1, 1]);
    expect(largestDifference(scoresOf(result).baseline, baseline)).toBeLessThan(1e-4);
    expect(result.tables.change.rows[0].metric).toBe("logitDifference");
  });

  it("takes the mean over all real tokens, whatever the batches", async () => {
    const sites = "layers.1.selfAttn.z";
    const runs = await Promise.all(prompts.map((ids) => model.run([ids], { save: sites })));
    const values = runs.map((run) => run.get(sites).index(0, mx.Slice(), 2)); // (position, headDim)
    const mean = mx.mean(mx.concatenate(values, 0), 0);
    const expected: number[] = [];
    for (const ids of prompts) {
      const run = await model.run([ids], {
        interventions: {
          [sites]: (x) => {
            const heads = [0, 1, 2, 3].map((head) =>
              head === 2
                ? mx.broadcastTo(mean, [...x.shape.slice(0, 2), 6])
                : x.index(mx.Slice(), mx.Slice(), head),
            );
            return mx.stack(heads, 2);
          },
        },
      });
      const logits = toFlat(run.last("output"));
      expected.push(logits[3] - logits[8]);
    }
    for (const batchSize of [1, 2, 16]) {
      const result = await ablateHeads(model, prompts, { ...question, heads: [[1, 2]], batchSize });
      expect(largestDifference(scoresOf(result).ablated, expected)).toBeLessThan(1e-4);
    }
  });

  it("takes each position's mean over reference prompts, which keeps what tells positions apart", async () => {
    const reference = [
      [7, 17, 4, 25, 9],
      [5, 11, 2],
      [6, 12, 3, 8],
    ];
    const site = "layers.1.selfAttn.z";
    const cached = await Promise.all(reference.map((ids) => model.run([ids], { save: site })));
    const meanAt = (position: number) => {
      const having = cached.filter((_, index) => reference[index].length > position);
      const values = having.map((run) => run.get(site).index(0, position, 2)); // (headDim)
      return mx.mean(mx.stack(values, 0), 0);
    };
    const expected: number[] = [];
    for (const ids of prompts) {
      const run = await model.run([ids], {
        interventions: {
          [site]: (x) => {
            const heads = [0, 1, 2, 3].map((head) => x.index(mx.Slice(), mx.Slice(), head));
            heads[2] = mx
              .stack(
                ids.map((_, position) => meanAt(position)),
                0,
              )
              .reshape([1, ids.length, 6]);
            return mx.stack(heads, 2);
          },
        },
      });
      const logits = toFlat(run.last("output"));
      expected.push(logits[3] - logits[8]);
    }
    for (const batchSize of [1, 16]) {
      const options = { ...question, heads: [[1, 2]] as const, reference, batchSize };
      const result = await ablateHeads(model, prompts, { ...options, eachPosition: true });
      expect(largestDifference(scoresOf(result).ablated, expected)).toBeLessThan(1e-4);
      const overall = await ablateHeads(model, prompts, options);
      expect(largestDifference(scoresOf(overall).ablated, expected)).toBeGreaterThan(1e-3);
    }
  });

  it("refuses positions that no reference reaches, and means of positions without reference", async () => {
    const options = { ...question, heads: [[1, 2]] as const, eachPosition: true };
    const short = ablateHeads(model, prompts, { ...options, reference: [[1, 2, 3]] });
    await expect(short).rejects.toThrow(/longest has 3 tokens, but a prompt has 5/);
    await expect(ablateHeads(model, prompts, options)).rejects.toThrow(/give reference/);
    const zero = ablateHeads(model, prompts, { ...options, method: "zero", reference: [[1]] });
    await expect(zero).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("refuses heads that do not exist, and no heads", async () => {
    await expect(ablateHeads(model, prompts, { ...question, heads: [[1, 4]] })).rejects.toThrow(
      "Head 4",
    );
    await expect(ablateHeads(model, prompts, { ...question, heads: [] })).rejects.toThrow(
      "at least one",
    );
  });
});

describe("answers of several tokens", () => {
  const heads = [[1, 2]] as const;
  const ablated = async (ids: readonly number[]) => {
    const keep = mx.array([1, 1, 0, 1]).reshape([1, 1, -1, 1]);
    const run = await model.run([ids], {
      interventions: { "layers.1.selfAttn.z": (x) => mx.multiply(x, keep) },
    });
    return run.get("output");
  };
  const logProbabilities = (logits: ArrayLike<number>) => {
    const sum = Array.from(logits).reduce((total, logit) => total + Math.exp(logit), 0);
    return Array.from(logits, (logit) => logit - Math.log(sum));
  };

  it("are summed at the last position, or read one after the other", async () => {
    const any = { any: [3, 8, 11] };
    const options = { answer: any, heads, method: "zero" } as const;
    const set = scoresOf(await ablateHeads(model, prompts, options));
    const sequence = [3, 8, 11];
    const steps = scoresOf(await ablateHeads(model, prompts, { ...options, answer: { sequence } }));
    for (const [at, ids] of prompts.entries()) {
      const last = logProbabilities(toFlat((await ablated(ids)).index(0, -1)));
      const summed = any.any.reduce((sum, id) => sum + Math.exp(last[id]), 0);
      expect(set.ablated[at]).toBeCloseTo(Math.log(summed), 4);
      const whole = await ablated([...ids, 3, 8]);
      const expected = sequence.reduce((sum, id, step) => {
        const own = logProbabilities(toFlat(whole.index(0, ids.length - 1 + step)));
        return sum + own[id];
      }, 0);
      expect(steps.ablated[at]).toBeCloseTo(expected, 4);
    }
  });

  it("kl is from each prompt's own prediction", async () => {
    const options = { answer: 3, heads, method: "zero", metric: "kl" } as const;
    const { baseline, ablated: found } = scoresOf(await ablateHeads(model, prompts, options));
    for (const [at, ids] of prompts.entries()) {
      const own = logProbabilities(toFlat((await model.run([ids])).last("output")));
      const other = logProbabilities(toFlat((await ablated(ids)).index(0, -1)));
      const expected = own.reduce((sum, one, id) => sum + Math.exp(one) * (one - other[id]), 0);
      expect(baseline[at]).toBeCloseTo(0, 6);
      expect(found[at]).toBeCloseTo(expected, 4);
    }
  });
});
