/** Conversations on a model of random weights, against patterns added up by hand and prompts from which a turn cannot be seen. */
import { mx, toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel } from "@mlxterp/models";
import { valueAt } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import { logitLens } from "../logit-lens/logit-lens.js";
import { llamaLike } from "../shared/test-support.js";
import { conversation, type WrittenChat } from "./conversation.js";
import { turnAttention, turnKnockout } from "./turns.js";

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

describe("turnAttention", () => {
  it("adds attention up over keys, and takes the mean over queries", async () => {
    const { grids } = await turnAttention(model, chat);
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
    const said = await turnAttention(model, chat, { parts: "content" });
    expect(valueAt(said.grids.attention, place)).toBeCloseTo(share([8, 9, 10], [1, 2]), 5);
  });
});

describe("turnKnockout", () => {
  it("is the loss of a run in which the turn is not seen", async () => {
    const { grids } = await turnKnockout(model, chat, { answer: 17 });
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
    expect(valueAt(grids.loss, { query: "answer", key: "0: user" })).toBeCloseTo(expected, 4);
    expect(valueAt(grids.loss, { query: "0: user", key: "answer" })).toBeNaN();
    expect(Math.abs(valueAt(grids.loss, { query: "1: assistant", key: "0: user" }))).toBeGreaterThan(1e-5); // biome-ignore format: one line
  });
});
