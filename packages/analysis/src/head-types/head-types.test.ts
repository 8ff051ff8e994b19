/** Attention patterns against the model's own, and head types against patterns of known form. */
import { InterpretableModel, Tap } from "@mlxterp/core";
import { type MxArray, mx, nn, toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel, loadModel } from "@mlxterp/models";
import { fromJson, toJson } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import { attentionPatterns } from "../attention-patterns/attention-patterns.js";
import { headPatterns } from "../attention-patterns/result.js";
import { largestDifference, llamaLike, sharedModel } from "../shared/test-support.js";
import { headTypes } from "./head-types.js";
import { repeatedTokens } from "./random-tokens.js";
import { headScores } from "./result.js";

const config = llamaLike;
const decoder = initializeWeights(new Decoder(config), { seed: 5, deviation: 0.4 });
const model = new LanguageModel(decoder, { config });

describe("attentionPatterns", () => {
  it("gives the weights of the model, head by head", async () => {
    const prompt = [4, 9, 30, 2];
    const found = await attentionPatterns(model, prompt, { layers: [1, -1], heads: [3, 0] });
    const patterns = headPatterns(found);
    expect(patterns.map(({ layer, head }) => [layer, head])).toEqual([
      [1, 3],
      [1, 0],
      [2, 3],
      [2, 0],
    ]);
    const cache = await model.run([prompt], { save: "layers.*.selfAttn.pattern" });
    for (const { layer, head, weights } of patterns) {
      const own = cache.get(`layers.${layer}.selfAttn.pattern`).index(0, head);
      expect([...weights]).toEqual([...toFlat(own)]);
    }
  });

  it("gives one result for each prompt of a list, and typed arrays through JSON", async () => {
    const results = await attentionPatterns(model, [[1, 2, 3], [4]]);
    expect(results.map((one) => headPatterns(one)[0].weights.length)).toEqual([9, 1]);
    const parsed = fromJson(toJson(results[1])) as (typeof results)[number];
    expect([...headPatterns(parsed)[0].weights]).toEqual([1]);
    expect(parsed.fed).toEqual([{ role: "prompt", ids: [4], pieces: ["4"] }]);
  });
});

/** Attention whose pattern is computed from the tokens by rule: one head of each kind. */
class RuleAttention extends nn.Module {
  readonly pattern = new Tap(["batch", "heads", "query", "key"]);

  override forward(ids: MxArray): MxArray {
    const rows = ids.tolist() as number[][];
    this.pattern.forward(mx.array(rows.map((row) => rules.map((rule) => patternOf(row, rule)))));
    return ids;
  }
}

type Rule = (query: number, ids: readonly number[]) => number;

/** Which key each query looks at; the earlier copy is the first occurrence. */
const rules: readonly Rule[] = [
  (query) => Math.max(0, query - 1),
  (query, ids) => (ids.indexOf(ids[query]) < query ? ids.indexOf(ids[query]) + 1 : query),
  (query, ids) => ids.indexOf(ids[query]),
  () => 0,
  (query) => query,
];

function patternOf(ids: readonly number[], rule: Rule): number[][] {
  return ids.map((_, query) => ids.map((_, key) => (key === rule(query, ids) ? 1 : 0)));
}

class RuleLayer extends nn.Module {
  readonly selfAttn = new RuleAttention();
  override forward(ids: MxArray): MxArray {
    return this.selfAttn.forward(ids);
  }
}

class RuleModel extends nn.Module {
  readonly layers = [new RuleLayer()];
  override forward(ids: MxArray): MxArray {
    return this.layers[0].forward(ids);
  }
}

const ruled = new InterpretableModel(new RuleModel(), {
  anatomy: { layers: 1, heads: rules.length, vocab: 100 },
});

describe("headTypes", () => {
  it("recognises a head of each kind on repeated random tokens", async () => {
    const result = await headTypes(ruled, undefined, { seed: 4, length: 12, sequences: 3 });
    const [heads, prompts] = [headScores(result), result.fed];
    expect(heads.map(({ type }) => type)).toEqual([
      "previousToken",
      "induction",
      "duplicateToken",
      "firstToken",
      "currentToken",
    ]);
    for (const { scores, type } of heads) expect(scores[type!]).toBeCloseTo(1, 6);
    expect(prompts).toHaveLength(3);
    expect(prompts[0].ids.slice(0, 12)).toEqual(prompts[0].ids.slice(12));
  });

  it("scores the share of attention on targets, as a loop over the pattern does", async () => {
    const prompts = [
      [1, 2, 1, 2, 3],
      [7, 7, 8],
    ];
    const heads = headScores(await headTypes(model, prompts));
    const results = await attentionPatterns(model, prompts);
    const duplicates: [prompt: number, query: number, keys: number[]][] = [
      [0, 2, [0]],
      [0, 3, [1]],
      [1, 1, [0]],
    ];
    for (const { layer, head, scores } of heads) {
      const weight = (prompt: number, query: number, key: number) => {
        const [tokens] = results[prompt].fed;
        const found = headPatterns(results[prompt]).find(
          (one) => one.layer === layer && one.head === head,
        )!;
        return found.weights[query * tokens.ids.length + key];
      };
      const previous = [1, 2, 3, 4].map((query) => weight(0, query, query - 1));
      previous.push(weight(1, 1, 0), weight(1, 2, 1));
      const mean = (list: number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
      expect(scores.previousToken).toBeCloseTo(mean(previous), 5);
      const copied = duplicates.map(([prompt, query, [key]]) => weight(prompt, query, key));
      expect(scores.duplicateToken).toBeCloseTo(mean(copied), 5);
      const followed = [weight(0, 2, 1), weight(0, 3, 2)]; // 7 at 0 is followed by the query itself
      expect(scores.induction).toBeCloseTo(mean(followed), 5);
    }
  });

  it("gives the same numbers for the same seed, and for any batch size", async () => {
    const first = await headTypes(model, undefined, {
      seed: 1,
      length: 10,
      sequences: 3,
      batchSize: 2,
    });
    const again = await headTypes(model, undefined, { seed: 1, length: 10, sequences: 3 });
    const numbers = (result: typeof first) =>
      headScores(result).map(({ scores }) => Object.values(scores));
    expect(largestDifference(numbers(first), numbers(again))).toBeLessThan(1e-6);
    expect(first.fed).toEqual(again.fed);
    expect(first.provenance.seed).toBe(1);
    const other = await headTypes(model, undefined, { seed: 2, length: 10, sequences: 3 });
    expect(other.fed).not.toEqual(first.fed);
  });

  it("fits its sequences to the model, and refuses what does not fit", async () => {
    const { fed } = await headTypes(model, undefined, { sequences: 1 });
    expect(fed[0].ids).toHaveLength(40);
    await expect(headTypes(model, undefined, { length: 21 })).rejects.toThrow("40 positions");
  });
});

describe("repeatedTokens", () => {
  it("draws each token once for each copy, unless the vocabulary is too small", () => {
    const [row] = repeatedTokens(model, { seed: 0, length: 20, sequences: 1 });
    expect(new Set(row).size).toBe(20);
    const anatomy = { layers: 1, heads: 1, vocab: 3 };
    const small = new InterpretableModel(new RuleModel(), { anatomy });
    const [short] = repeatedTokens(small, { seed: 0, length: 8, sequences: 1 });
    expect(short).toHaveLength(16);
    expect(Math.max(...short)).toBeLessThan(3);
  });
});

const stories = sharedModel("stories15M");

describe.skipIf(!stories.available)("headTypes on stories15M", () => {
  it("finds the previous-token head of layer 2, and no induction on random tokens", async () => {
    const trained = await loadModel(stories.folder);
    const result = await headTypes(trained, undefined, { sequences: 4 });
    const [heads, prompts] = [headScores(result), result.fed];
    const found = heads.find(({ layer, head }) => layer === 2 && head === 0);
    expect(found?.type).toBe("previousToken");
    expect(found?.scores.previousToken).toBeGreaterThan(0.6);
    expect(heads.some(({ type }) => type === "induction")).toBe(false);
    expect(prompts[0].ids[0]).toBe(1); // the tokenizer's beginning of text
    expect(prompts[0].pieces.slice(1).every((piece) => !/^<(s|\/s|unk|0x..)>$/.test(piece))).toBe(
      true,
    );
  });
});
