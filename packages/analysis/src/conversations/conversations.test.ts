/** Conversations on a model of random weights, against patterns added up by hand and prompts from which a turn cannot be seen. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  addVector,
  atBatch,
  atPositions,
  compose,
  patchFrom,
  zeroOut,
} from "@mlxterp/interventions";
import { mx, toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel } from "@mlxterp/models";
import { valueAt } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import { attentionPatterns } from "../attention-patterns/attention-patterns.js";
import { headPatterns } from "../attention-patterns/result.js";
import { logitLens } from "../logit-lens/logit-lens.js";
import { largestDifference, llamaLike } from "../shared/test-support.js";
import { conversation, type WrittenChat } from "./conversation.js";
import { turnByTurn } from "./turns.js";

const decoder = initializeWeights(new Decoder(llamaLike), { seed: 5, deviation: 0.4 });
const model = new LanguageModel(decoder, { config: llamaLike });

/** A mark, what was said, a mark; then the beginning of an answer. */
const chat: WrittenChat = {
  ids: [50, 4, 9, 51, 52, 30, 51, 50, 2, 7, 8, 51, 52],
  turns: [
    { role: "user", start: 0, end: 4, content: { start: 1, end: 3 } },
    { role: "assistant", start: 4, end: 7, content: { start: 5, end: 6 } },
    { role: "user", start: 7, end: 12, content: { start: 8, end: 11 } },
  ],
};

describe("conversation", () => {
  it("names positions that every method takes", async () => {
    const talk = conversation(chat);
    expect(talk.turn(1)).toEqual({ role: "assistant", all: [4, 5, 6], content: [5], last: 6 });
    expect(talk.turn(-1).content).toEqual([8, 9, 10]);
    expect(() => talk.turn(3)).toThrow("there are 3 turns");
    const { grids } = await logitLens(model, talk.ids, {
      positions: talk.turn(2).content,
      kl: true,
    });
    const at = grids.entropy.labels.position.map((label) => typeof label === "object" && label.position); // biome-ignore format: one line
    expect(at).toEqual([8, 9, 10]);
    const all = await logitLens(model, talk.ids, { kl: true });
    expect(valueAt(grids.divergence!, { layer: 1, position: 9 })).toBeCloseTo(valueAt(all.grids.divergence!, { layer: 1, position: 9 }), 4); // biome-ignore format: one line
  });
});

describe("turns of conversations of different length in one batch", () => {
  /** A mark for the role, what was said, a mark: laid out by hand. */
  const chatOf = (...said: number[][]): WrittenChat => {
    const ids: number[] = [];
    const turns = said.map((content, at) => {
      const start = ids.length;
      ids.push(at % 2 === 0 ? 50 : 52, ...content, 51);
      const own = { start: start + 1, end: start + 1 + content.length };
      return { role: at % 2 === 0 ? "user" : "assistant", start, end: ids.length, content: own };
    });
    return { ids, turns };
  };
  const chats = [
    chatOf([4, 9], [30], [2, 7, 8]),
    chatOf([11], [5, 6, 17, 20, 3], [1]),
    chatOf([13, 12, 14, 40, 41], [21, 22]),
  ];
  const talks = chats.map(conversation);
  const prompts = chats.map(({ ids }) => [...ids]);

  it("hold what was said, and are read there as alone: lens, attention", async () => {
    expect(talks.map(({ ids, turn }) => turn(1).content.map((at) => ids[at]))).toEqual([[30], [5, 6, 17, 20, 3], [21, 22]]); // biome-ignore format: one list
    const lenses = await logitLens(model, prompts, { topK: 3 });
    const patterns = await attentionPatterns(model, prompts, { layers: [1] });
    for (const [row, talk] of talks.entries()) {
      const { content } = talk.turn(1);
      const alone = await logitLens(model, talk.ids, { positions: content, topK: 3 });
      const turns = await turnByTurn(model, chats[row], { parts: "content" });
      for (const position of content) {
        for (const rank of [1, 2, 3]) {
          const place = { layer: 1, position, rank };
          const [own, batched] = [alone.grids, lenses[row].grids].map(({ probability }) => valueAt(probability, place)); // biome-ignore format: one line
          expect(batched).toBeCloseTo(own, 5);
        }
      }
      const { weights } = headPatterns(patterns[row])[2];
      const keys = talk.turn(0).content;
      const sums = content.map((query) => keys.reduce((sum, key) => sum + weights[query * talk.ids.length + key], 0)); // biome-ignore format: one line
      const share = sums.reduce((sum, one) => sum + one, 0) / sums.length;
      const place = { layer: 1, head: 2, query: "1: assistant", key: "0: user" };
      expect(valueAt(turns.grids.attention, place)).toBeCloseTo(share, 5);
    }
  });

  it("are steered, ablated and patched there as alone", async () => {
    const vector = mx.random.normal([24], mx.float32, 0, 1, mx.random.key(2));
    const others = prompts.map((ids) => ids.map((id) => (id < 50 ? id + 1 : id))); // of the same layouts
    using sources = await model.run(others, { save: "layers.0" });
    const said = talks.map((talk) => [...talk.turn(1).content]);
    const inBatch = [
      ...[addVector(vector), zeroOut()].map((change) => (row: number) => atBatch(row, atPositions(said[row], change))), // biome-ignore format: one list
      (row: number) => patchFrom(sources, { batch: row, positions: said[row] }),
    ];
    for (const [which, change] of inBatch.entries()) {
      const all = compose(...prompts.map((_, row) => change(row)));
      using batch = await model.run(prompts, { save: "layers.2", interventions: { "layers.0": all } }); // biome-ignore format: one line
      for (const [row, ids] of prompts.entries()) {
        using source = await model.run([others[row]], { save: "layers.0" });
        const own = [addVector(vector), zeroOut(), patchFrom(source)][which];
        const interventions = { "layers.0": atPositions(said[row], own) };
        using alone = await model.run([ids], { save: "layers.2", interventions });
        using plain = await model.run([ids], { save: "layers.2" });
        const [expected, found, before] = [alone.last("layers.2"), batch.last("layers.2").index(row), plain.last("layers.2")].map((one) => [...toFlat(one)]); // biome-ignore format: one line
        expect(largestDifference(found, expected)).toBeLessThan(1e-4);
        expect(largestDifference(found, before)).toBeGreaterThan(1e-2);
      }
    }
  });
});

describe("attention from turn to turn", () => {
  it("adds attention up over keys, and takes the mean over queries", async () => {
    const { grids } = await turnByTurn(model, chat);
    const cache = await model.run([[...chat.ids]], { save: "layers.1.selfAttn.pattern" });
    const pattern = toFlat(cache.get("layers.1.selfAttn.pattern").index(0, 2));
    const share = (queries: number[], keys: number[]) =>
      queries.reduce((sum, query) => sum + keys.reduce((own, key) => own + pattern[query * 13 + key], 0), 0) / queries.length; // biome-ignore format: one line
    const place = { layer: 1, head: 2, query: "2: user", key: "0: user" };
    expect(valueAt(grids.attention, place)).toBeCloseTo(share([7, 8, 9, 10, 11], [0, 1, 2, 3]), 5);
    const names = grids.attention.labels.key;
    expect(names).toEqual(["0: user", "1: assistant", "2: user", "answer"]);
    const row = names.reduce((sum: number, key) => sum + valueAt(grids.attention, { ...place, key: key as string }), 0); // biome-ignore format: one line
    expect(row).toBeCloseTo(1, 5); // whole turns are all there is
    const said = await turnByTurn(model, chat, { parts: "content" });
    expect(valueAt(said.grids.attention, place)).toBeCloseTo(share([8, 9, 10], [1, 2]), 5);
  });
});

describe("attention cut between turns", () => {
  it("is the loss of a run in which the turn is not seen", async () => {
    const { grids } = await turnByTurn(model, chat, { answer: 17 });
    const cut = (x: ReturnType<typeof mx.zeros>) => {
      const rows = x.tolist() as number[][][][];
      for (const head of rows[0]) for (const key of [0, 1, 2, 3]) head[12][key] = Number.NEGATIVE_INFINITY; // biome-ignore format: one line
      return mx.array(rows);
    };
    const logProbability = async (interventions = {}) => {
      const logits = [...toFlat((await model.run([[...chat.ids]], { interventions })).last("output"))]; // biome-ignore format: one line
      return logits[17] - Math.log(logits.reduce((sum: number, one: number) => sum + Math.exp(one), 0)); // biome-ignore format: one line
    };
    const expected =
      (await logProbability()) - (await logProbability({ "layers.*.selfAttn.scores": cut }));
    expect(valueAt(grids.loss!, { query: "answer", key: "0: user" })).toBeCloseTo(expected, 4);
    expect(valueAt(grids.loss!, { query: "0: user", key: "answer" })).toBeNaN();
    expect(Math.abs(valueAt(grids.loss!, { query: "1: assistant", key: "0: user" }))).toBeGreaterThan(1e-5); // biome-ignore format: one line
  });
});

describe("turns put into another conversation", () => {
  const other = [50, 40, 9, 51, 52, 31, 51, 50, 2, 7, 8, 51, 52];

  it("are runs in which the stream of one turn is exchanged by hand", async () => {
    const { grids, tables } = await turnByTurn(model, chat, { answer: 17, wrongAnswer: 3, against: other }); // biome-ignore format: one line
    const score = (logits: ArrayLike<number>) => logits[17] - logits[3];
    using cache = await model.run([[...chat.ids], other], { save: ["layers.1.input", "output"] });
    const [own, corrupted] = cache.last("output").tolist() as number[][];
    expect(tables.scores.rows.map((row) => row.score)).toEqual([expect.closeTo(score(own), 4), expect.closeTo(score(corrupted), 4)]); // biome-ignore format: one line
    const from = cache.get("layers.1.input").index(mx.Slice(0, 1));
    const change = (x: ReturnType<typeof mx.zeros>) =>
      mx.concatenate([from.index(mx.Slice(), mx.Slice(0, 4)), x.index(mx.Slice(), mx.Slice(4, 13))], 1); // biome-ignore format: one call
    using patched = await model.run([other], { save: "output", interventions: { "layers.1.input": change } }); // biome-ignore format: one line
    const expected = (score(toFlat(patched.last("output"))) - score(corrupted)) / (score(own) - score(corrupted)); // biome-ignore format: one number
    expect(valueAt(grids.patch!, { layer: 1, turn: "0: user" })).toBeCloseTo(expected, 4);
  });

  it("refuses one of another length, and one that is the same", async () => {
    const short = turnByTurn(model, chat, { answer: 17, against: other.slice(1) });
    await expect(short).rejects.toThrow("it has 12 tokens and the conversation 13");
    const same = turnByTurn(model, chat, { answer: 17, against: [...chat.ids] });
    await expect(same).rejects.toMatchObject({ code: "EQUAL_BASELINES" });
  });
});

describe("the lens after each turn", () => {
  it("is the logit lens at its last token", async () => {
    const { grids } = await turnByTurn(model, chat, { topK: 2 });
    const lens = await logitLens(model, chat.ids, { topK: 2 });
    for (const [turn, position] of [
      ["0: user", 3],
      ["1: assistant", 6],
      ["answer", 12],
    ] as const) {
      const place = { layer: 1, rank: 2 };
      expect(valueAt(grids.token, { ...place, turn })).toBe(valueAt(lens.grids.token, { ...place, position })); // biome-ignore format: one line
      expect(valueAt(grids.probability, { ...place, turn })).toBeCloseTo(valueAt(lens.grids.probability, { ...place, position }), 5); // biome-ignore format: one line
    }
  });
});

describe("a conversation as it is given", () => {
  const written = { ids: [...chat.ids], turns: chat.turns };
  const tokenizer = { encode: (text: string) => text.split(" ").map(Number), decode: (ids: number[]) => ids.join(" "), pieces: (ids: number[]) => ids.map(String), vocabSize: 60, applyChatTemplate: () => written }; // biome-ignore format: one object
  const talking = new LanguageModel(decoder, { config: llamaLike, tokenizer: tokenizer as never });
  const messages = [{ role: "user", content: "4 9" }];

  it("is the same by messages, a file, turns and what ends them", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mlxterp-turns-"));
    const file = join(folder, "chat.json");
    writeFileSync(file, JSON.stringify({ messages, against: messages }));
    const own = await turnByTurn(model, chat, { answer: 17 });
    const values = (found: typeof own) => [...found.grids.attention.values];
    expect(values(await turnByTurn(talking, undefined, { messages }))).toEqual(values(own));
    expect(values(await turnByTurn(talking, undefined, { file }))).toEqual(values(own));
    expect(values(await turnByTurn(model, chat.ids, { turns: chat.turns }))).toEqual(values(own));
    const ended = await turnByTurn(talking, chat.ids, { ends: "51" });
    expect(ended.tables.turns.rows.map(({ tokens }) => tokens)).toEqual([4, 3, 5, 1]);
    writeFileSync(file, "{}");
    await expect(turnByTurn(talking, undefined, { file })).rejects.toMatchObject({ code: "CORRUPT_FILE" }); // biome-ignore format: one line
    rmSync(folder, { recursive: true });
  });

  it.each([
    [undefined, {}, "no conversation is given"],
    [undefined, { messages }, "writes no conversations"],
    [[1, 2, 3], {}, "says nothing of its turns"],
    [[1, 2, 3], { ends: "9" }, "is none of the prompt's tokens"],
    [[1, 2, 3], { turns: [{ role: "user", start: 1, end: 5 }] }, "inside of 3 tokens"],
    [[1, 2, 3], { turns: [{ role: "user", start: 0, end: 2 }, { role: "user", start: 1, end: 3 }] }, "does not follow"], // biome-ignore format: one case
  ] as const)("is refused: %j %j", async (input, options, says) => {
    await expect(turnByTurn(model, input as never, options)).rejects.toThrow(says);
  });
});
