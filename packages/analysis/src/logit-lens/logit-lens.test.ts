/** The logit lens, against the model's own logits and an explicit readout of each layer. */
import { toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel, loadModel } from "@mlxterp/models";
import { describe, expect, it } from "vitest";
import { gpt2Like, largestDifference, llamaLike, sharedModel } from "../shared/test-support.js";
import { logitLens } from "./logit-lens.js";
import { lensRows } from "./result.js";

const config = gpt2Like;
const decoder = initializeWeights(new Decoder(config), { seed: 3, deviation: 0.3 });
const model = new LanguageModel(decoder, { config });
const prompt = [5, 17, 2, 250, 17, 9];

function byId(top: readonly { id: number; logit: number }[], vocab: number): number[] {
  const logits = new Array<number>(vocab);
  for (const { id, logit } of top) logits[id] = logit;
  return logits;
}

describe("logitLens", () => {
  it("ends with the model's own logits, bit for bit", async () => {
    const lens = await logitLens(model, prompt, { topK: config.vocab });
    const own = toFlat(model.forward([prompt]));
    const last = lensRows(lens)[3].cells.flatMap(({ top }) => byId(top, config.vocab));
    expect(last).toEqual([...own]);
  });

  it("reads the embedding and every layer through the final norm and the unembedding", async () => {
    const lens = await logitLens(model, prompt, { topK: config.vocab });
    expect(lensRows(lens).map(({ site }) => site)).toEqual([
      "layers.0.input",
      "layers.0",
      "layers.1",
      "layers.2",
    ]);
    const cache = await model.run([prompt], { save: lensRows(lens).map(({ site }) => site) });
    for (const { site, cells } of lensRows(lens)) {
      const logits = decoder.unembed(decoder.finalNorm!.forward(cache.get(site)));
      const own = cells.flatMap(({ top }) => byId(top, config.vocab));
      // several layers are read with one product, and products of another height round otherwise
      const expected = toFlat(logits);
      expect(own).toHaveLength(expected.length);
      expect(Math.max(...own.map((value, at) => Math.abs(value - expected[at])))).toBeLessThan(
        1e-6,
      );
    }
  });

  it("gives probability, entropy and rank as they follow from the logits", async () => {
    const answer = 42;
    const lens = await logitLens(model, prompt, { answer, topK: 3, layers: [1] });
    const cache = await model.run([prompt], { save: "layers.1" });
    const logits = decoder.unembed(decoder.finalNorm!.forward(cache.get("layers.1")));
    const rows = (logits.tolist() as number[][][])[0];
    for (const [position, row] of rows.entries()) {
      const peak = Math.max(...row);
      const sum = row.reduce((total, logit) => total + Math.exp(logit - peak), 0);
      const probabilities = row.map((logit) => Math.exp(logit - peak) / sum);
      const cell = lensRows(lens)[0].cells[position];
      const entropy = probabilities.reduce((total, p) => total - p * Math.log(p), 0);
      expect(cell.entropy).toBeCloseTo(entropy, 4);
      expect(cell.answer?.probability).toBeCloseTo(probabilities[answer], 6);
      expect(cell.answer?.rank).toBe(1 + row.filter((logit) => logit > row[answer]).length);
      expect(cell.top.map(({ probability }) => probability)).toEqual([
        ...cell.top.map(({ id }) => expect.closeTo(probabilities[id], 5)),
      ]);
    }
  });

  it("gives each prompt of a ragged batch what it gives the prompt alone", async () => {
    const prompts = [prompt, [7, 8], [250, 1, 2, 3]];
    const together = await logitLens(model, prompts, { answer: [1, 2, 3], topK: 2, batchSize: 2 });
    for (const [index, one] of prompts.entries()) {
      const alone = await logitLens(model, one, { answer: index + 1, topK: 2 });
      const numbers = (lens: typeof alone) =>
        lensRows(lens).map(({ cells }) =>
          cells.map(({ top, entropy, answer }) => [
            entropy,
            answer!.probability,
            ...top.map(({ logit }) => logit),
          ]),
        );
      expect(together[index].fed).toEqual(alone.fed);
      expect(largestDifference(numbers(together[index]), numbers(alone))).toBeLessThan(1e-4);
    }
  });

  it("reads chosen positions, negative ones from each prompt's own end", async () => {
    const [long, short] = await logitLens(model, [prompt, [7, 8]], { positions: [-1, 0] });
    const read = ({ grids }: typeof long) =>
      grids.entropy.labels.position.map((label) => typeof label === "object" && label.position);
    expect(read(long)).toEqual([5, 0]);
    expect(read(short)).toEqual([1, 0]);
    const all = await logitLens(model, [7, 8]);
    expect(lensRows(short)[2].cells[0].top[0].id).toBe(lensRows(all)[2].cells[1].top[0].id);
  });

  it("lists no more tokens than there are, and predicts rows beyond any tokenizer", async () => {
    const lens = await logitLens(model, prompt, { topK: 10_000, layers: [-1] });
    expect(lensRows(lens)[0].cells[0].top).toHaveLength(config.vocab);
  });

  it("reports each layer of each prompt, and stops when told", async () => {
    const seen: number[] = [];
    const prompts = [prompt, prompt, prompt];
    await logitLens(model, prompts, {
      batchSize: 2,
      onProgress: ({ done, total }) => seen.push(done / total),
    });
    expect(seen).toHaveLength(8);
    expect(seen.at(-1)).toBe(1);
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(logitLens(model, prompts, { signal })).rejects.toThrow("enough");
  });

  it("refuses what does not exist", async () => {
    await expect(logitLens(model, prompt, { layers: [3] })).rejects.toThrow("Layer 3");
    await expect(logitLens(model, prompt, { positions: [6] })).rejects.toThrow("Position 6");
    await expect(logitLens(model, prompt, { topK: 0 })).rejects.toThrow("topK");
    await expect(logitLens(model, prompt, { answer: 300 })).rejects.toThrow("Token 300");
    await expect(logitLens(model, prompt, { answer: "word" })).rejects.toMatchObject({
      code: "MISSING_TOKENIZER",
    });
  });

  it("works with tied embeddings", async () => {
    const tied = initializeWeights(new Decoder(llamaLike), { seed: 1, deviation: 0.3 });
    const lens = await logitLens(new LanguageModel(tied, { config: llamaLike }), [1, 2], {
      topK: 60,
      layers: [2],
    });
    expect(byId(lensRows(lens)[0].cells[1].top, 60)).toEqual(
      [...toFlat(new LanguageModel(tied, { config: llamaLike }).forward([[1, 2]]))].slice(60),
    );
  });
});

const stories = sharedModel("stories15M");

describe.skipIf(!stories.available)("logitLens on stories15M", () => {
  it("shows the answer rising to the top, as a word of the tokenizer", async () => {
    const trained = await loadModel(stories.folder);
    const text = "Tom and Sue went to the park. Sue gave a ball to";
    const lens = await logitLens(trained, text, { answer: " Tom", positions: [-1] });
    expect(lens.fed[0].answer?.text).toBe(" Tom");
    expect(lens.fed[0].pieces.slice(1, 4)).toEqual([" Tom", " and", " Sue"]);
    const ranks = lensRows(lens).map(({ cells }) => cells[0].answer!.rank);
    expect(ranks[0]).toBeGreaterThan(100);
    expect(ranks.at(-1)).toBe(1);
    expect(lensRows(lens).at(-1)?.cells[0].answer?.probability).toBeGreaterThan(0.9);
  });
});
