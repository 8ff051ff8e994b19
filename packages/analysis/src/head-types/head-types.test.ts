/** Attention patterns against the model's own, and head types against patterns of known form. */
import { InterpretableModel, Tap } from "@mlxterp/core";
import { type MxArray, mx, nn, toFlat } from "@mlxterp/mlx";
import {
  Decoder,
  EncoderDecoderModel,
  initializeWeights,
  LanguageModel,
  loadModel,
  MaskedLanguageModel,
  RecurrentModel,
  StreamsModel,
} from "@mlxterp/models";
import { fromJson, toJson, valueAt } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import { attentionPatterns } from "../attention-patterns/attention-patterns.js";
import { headPatterns } from "../attention-patterns/result.js";
import { largestDifference, llamaLike, sharedModel } from "../shared/test-support.js";
import { hasMethodCase, modelOfCase, openMethodCase } from "../testing/method-cases.js";
import { sweep } from "../testing/sweeps.js";
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
    const nothing = headTypes(undefined as never);
    await expect(nothing).rejects.toMatchObject({ code: "INVALID_ARGUMENT", argument: "model" });
  });
});

/** Attention of one kind each: grouped, capped, latent, among states, both ways, with sinks, parallel. */
const families = sweep(
  [
    ...["llama", "gemma2", "deepseek_v3"].map((one) => [one, LanguageModel]),
    ["recurrent_gemma", RecurrentModel],
    ["bert", MaskedLanguageModel],
    ...["gpt_oss", "gpt_neox", "bloom", "gemma4_text", "llama4_text"].map((one) => [one, LanguageModel]), // biome-ignore format: a list
    ["falcon_h1", RecurrentModel],
    ["modernbert", MaskedLanguageModel],
  ] as unknown as [string, typeof LanguageModel][],
  5,
);

describe("chance", () => {
  it("is what a head that looks everywhere alike has, and what any head has on shuffled tokens", async () => {
    const asked = { seed: 4, length: 12, sequences: 2, nulls: 3 };
    const { grids } = await headTypes(ruled, undefined, asked);
    const [induction, , previous] = grids.uniform.values;
    const queries = Array.from({ length: 23 }, (_, index) => index + 1);
    const mean = (list: number[]) => list.reduce((sum, one) => sum + one, 0) / list.length;
    expect(previous).toBeCloseTo(mean(queries.map((query) => 1 / (query + 1))), 6);
    const repeated = queries.slice(11).map((query) => 1 / (query + 1));
    expect(induction).toBeCloseTo(mean(repeated), 6);
    const [shuffledInduction, , shuffledPrevious] = grids.shuffled.values;
    expect(shuffledInduction).toBeGreaterThan(0);
    expect(shuffledInduction).toBeLessThan(0.5); // the ruled head has 1
    expect(shuffledPrevious).toBeNaN(); // no token decides where it looks
  });

  it.each(families)("is measured in %s as a loop over its patterns does", async (family, kind) => {
    const folder = new URL(`../../../models/references/${family}/base`, import.meta.url).pathname;
    const own = (await loadModel(folder, { as: kind })) as unknown as LanguageModel;
    const prompts = [
      [5, 9, 17, 5, 9],
      [8, 6, 8],
    ];
    const { grids, notes, tables } = await headTypes(own, prompts, { nulls: 1 });
    const both = family === "bert" || family === "modernbert";
    expect(notes.some(({ code }) => code === "BOTH_WAYS")).toBe(both);
    const lists = (await attentionPatterns(own, prompts)).map(headPatterns);
    const queries = [1, 2, 3, 4].map((query) => [0, query]).concat([1, 2].map((query) => [1, query])); // biome-ignore format: one list
    const mean = (of: (prompt: number, query: number) => number) =>
      queries.reduce((sum, [prompt, query]) => sum + of(prompt, query), 0) / queries.length;
    for (const { layer, head } of tables.heads.rows) {
      const score = mean((prompt, query) => {
        const found = lists[prompt].find((one) => one.layer === layer && one.head === head)!;
        return found.weights[query * prompts[prompt].length + query - 1];
      });
      expect(valueAt(grids.score, { layer, head, type: "previousToken" })).toBeCloseTo(score, 5);
    }
    const even = mean((prompt, query) => 1 / (both ? prompts[prompt].length : query + 1));
    expect(valueAt(grids.uniform, { type: "previousToken" })).toBeCloseTo(even, 6);
    await expect(headTypes(own, undefined, { sequences: 1 })).resolves.toBeDefined();
  });

  it("names models whose layers have no heads, or more than one stack", async () => {
    for (const [path, kind] of [
      ["mamba/base", RecurrentModel],
      ["t5/written-gated", EncoderDecoderModel],
      ["gemma3n_text/base", StreamsModel],
    ] as const) {
      // biome-ignore format: a list
      const folder = new URL(`../../../models/references/${path}`, import.meta.url).pathname;
      const other = (await loadModel(folder, { as: kind as never })) as LanguageModel;
      const ended = await headTypes(other, [[5, 9]]).catch((error) => error);
      expect(ended.code, path).toBe("MISSING_ANATOMY");
    }
  });

  it("gives no type to what chance has, too", async () => {
    const prompts = [[1, 2, 3, 4]]; // nothing repeats
    const { tables } = await headTypes(model, prompts, { threshold: 0 });
    expect(tables.heads.rows.some(({ type }) => type === "induction")).toBe(false);
  });

  it("takes detectors of one's own, and does not pretend that data holds them", async () => {
    const detectors = { twoBack: (query: number, key: number) => key === query - 2 };
    const result = await headTypes(model, [[1, 2, 3, 4]], { detectors });
    expect(result.grids.score.labels.type[0]).toBe("twoBack");
    expect(result.asked.detectors).toEqual({ function: "twoBack" });
    const [found] = await attentionPatterns(model, [[1, 2, 3, 4]]);
    const { weights } = headPatterns(found)[0];
    expect(headScores(result)[0].scores.twoBack).toBeCloseTo((weights[8] + weights[13]) / 2, 6);
  });
});

const references = sweep(["gpt2", "llama", "stories15M"], 2);

describe.each(references.filter((name) => hasMethodCase("heads", name)))(
  "detectors on %s, computed by TransformerLens",
  (name) => {
    it.each([
      ["mul", "attention", 1e-4],
      ["abs", "distance", 1e-4],
    ] as const)("have its scores by %s", async (suffix, measure, near) => {
      const reference = openMethodCase("heads", name);
      const { tokens } = reference.about as { tokens: number[][] };
      const trained = await modelOfCase("heads", name);
      const detectors = {
        previous_token_head: (query: number, key: number) => key === query - 1,
        duplicate_token_head: (query: number, key: number, ids: readonly number[]) =>
          key < query && ids[key] === ids[query],
        induction_head: (query: number, key: number, ids: readonly number[]) =>
          key > 0 && ids[key - 1] === ids[query],
      };
      for (const [parts, exclude] of [
        ["", []],
        [".no_bos", ["first"]],
        [".no_current", ["current"]],
        [".no_bos.no_current", ["first", "current"]],
      ] as const) {
        const asked = { measure, exclude, detectors, nulls: 0 };
        const { grids } = await headTypes(trained, tokens, asked);
        const kinds = grids.score.labels.type.length;
        for (const [at, kind] of Object.keys(detectors).entries()) {
          const exact = `${kind}.${suffix}${parts}${suffix === "abs" ? ".unrounded" : ""}`;
          const own = [...grids.score.values].filter((_, index) => index % kinds === at);
          expect(largestDifference(own, reference.numbers(exact)), exact).toBeLessThan(near);
        }
      }
    });
  },
);

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
