/**
 * Mover heads: heads that look from the end of a prompt to where its answer stands, and write that token.
 *
 * «Mary and John went to the park. John gave a ball to»: a name mover attends from the last token to "Mary" and copies it into the
 * prediction. Two things make one: attention from the end to the answer's positions, and that what the head takes from there speaks for the answer
 * through the unembedding. A head that does the first and writes against the token is a negative mover.
 *
 * Caveats. The answer must stand in the prompt. Attention to the answer's place may be attention to a place: compare with `elsewhere`,
 * the mean over other earlier tokens, and exchange the order of names in the prompts. What is written is read with the final norm's
 * denominator left out, past all later layers.
 *
 * Source: Wang et al. 2022, "Interpretability in the Wild", arXiv 2211.00593, section 3.1 and appendix A.
 */
import { notFiniteError, type Prompt, provenanceOf } from "@mlxterp/core";
import { evaluate, InvalidArgumentError, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import {
  createTable,
  parseOptions,
  type Result,
  type RunControl,
  type Table,
} from "@mlxterp/results";
import { z } from "zod";
import { throughUnembedding } from "../direction-reading/direction-reading.js";
import { askedOf } from "../shared/asked.js";
import { mean, range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { type Question, resolveQuestions } from "../shared/questions.js";
import { ranksOf } from "../shared/ranks.js";
import { answers } from "../shared/schemas.js";

const moverHeadsOptions = z.object({
  answer: answers.describe("a token that stands in the prompt; one for all prompts, or one each"),
  topK: z
    .int()
    .min(1)
    .default(5)
    .describe("ranks of the answer, among all tokens, that count as written"),
  threshold: z.number().default(0.3).describe("least attention for a head to be called a mover"),
});

/** Options of `moverHeads`. */
export type MoverHeadsOptions = z.input<typeof moverHeadsOptions> & RunControl;

/** One head, over all prompts. */
export type MoverHead = {
  readonly layer: number;
  readonly head: number;
  /** Attention from the last token to the answer's positions. */
  readonly attention: number;
  /** The mean of any other earlier position's attention. */
  readonly elsewhere: number;
  /** Share of prompts where what the head takes from there puts the answer among the first `topK` of all tokens. */
  readonly writes: number;
  /** … and among the last: it writes against it. */
  readonly forbids: number;
  /** `mover`, `negative mover` or null. */
  readonly type: string | null;
};

export type MoverHeadsResult = Result<
  "movers",
  Record<never, never>,
  { readonly heads: Table<MoverHead> }
>;

/**
 * Judges every head on prompts whose answer they hold.
 *
 * @throws AnswerTokenError (`ANSWER_TOKEN`), NotFiniteError (`NOT_FINITE`); InvalidArgumentError (`INVALID_ARGUMENT`) for an answer that
 *   does not stand in its prompt before the end; the signal's reason
 * @example
 * const { tables } = await moverHeads(model, clean, { answer: "Mary" });
 * tables.heads.rows.filter(({ type }) => type === "mover").map(({ layer, head }) => `${layer}.${head}`);
 */
export async function moverHeads(
  model: AnalysisModel,
  input: Prompt,
  options: MoverHeadsOptions,
): Promise<MoverHeadsResult> {
  const asked = parseOptions("moverHeads", moverHeadsOptions, options);
  const { list, notes, asked: resolved } = resolveQuestions(model, input, asked);
  const byPrompt: HeadReading[][] = [];
  for (const [index, question] of list.entries()) {
    asked.signal?.throwIfAborted();
    byPrompt.push(await readHeads(model, question, index, asked.topK));
    asked.onProgress?.({ done: index + 1, total: list.length, stage: "mover heads" });
  }
  const { layers, heads } = model.anatomy;
  const rows = range(layers * heads).map((at): MoverHead => {
    const of = (pick: (one: HeadReading) => number) => mean(byPrompt.map((own) => pick(own[at])));
    const attention = of((one) => one.attention);
    const [writes, forbids] = [of((one) => one.writes), of((one) => one.forbids)];
    const kind = writes > 0.5 ? "mover" : forbids > 0.5 ? "negative mover" : null;
    return {
      layer: Math.floor(at / heads),
      head: at % heads,
      attention,
      elsewhere: of((one) => one.elsewhere),
      writes,
      forbids,
      type: attention >= asked.threshold ? kind : null,
    };
  });
  if (!rows.every(({ attention }) => Number.isFinite(attention))) {
    throw await notFiniteError(
      "Attention",
      model,
      list.map(({ ids }) => [...ids]),
    );
  }
  return {
    method: "movers",
    asked: askedOf(asked, { answer: resolved.answer }),
    fed: list,
    grids: {},
    tables: { heads: createTable(["layer", "head", "attention", "elsewhere", "writes", "forbids", "type"], rows) }, // biome-ignore format: one table
    notes,
    provenance: provenanceOf(model),
  };
}

type HeadReading = Pick<MoverHead, "attention" | "elsewhere" | "writes" | "forbids">;

async function readHeads(
  model: AnalysisModel,
  { ids, answer }: Question,
  index: number,
  topK: number,
): Promise<HeadReading[]> {
  const places = range(ids.length - 1).filter((at) => ids[at] === answer.id);
  if (places.length === 0) {
    const rule = `the answer of prompt ${index} (token ${answer.id}) does not stand in it before the end.`;
    throw new InvalidArgumentError("answer", answer.text, rule);
  }
  const { layers, heads, hidden, vocab } = model.anatomy;
  const sites = range(layers).flatMap((layer) =>
    ["pattern", "v"].map((part) => `layers.${layer}.selfAttn.${part}`),
  );
  using cache = await model.run([[...ids]], { save: sites });
  const taken: MxArray[] = [];
  const attention: Float32Array[] = [];
  for (const layer of range(layers)) {
    const { W_O } = model.anatomy.weights(layer);
    const values = cache.get(`layers.${layer}.selfAttn.v`).index(0); // (kvHeads, position, headDim)
    const at = mx.mean(mx.take(values, mx.array(places, mx.int32), 1), 1); // (kvHeads, headDim)
    const shared = mx.repeat(at, heads / at.shape[0], 0).astype(mx.float32);
    const written = mx
      .matmul(mx.expandDims(shared, 1), W_O.astype(mx.float32))
      .reshape([heads, hidden]);
    taken.push(written);
    const pattern = cache.get(`layers.${layer}.selfAttn.pattern`).index(0, mx.Slice(), -1);
    attention.push(toFlat(pattern) as Float32Array); // (heads, key)
  }
  const logits = await throughUnembedding(model, mx.concatenate(taken, 0));
  const ranks = ranksOf(logits, new Array<number>(layers * heads).fill(answer.id));
  await evaluate([ranks]);
  const others = ids.length - 1 - places.length;
  return [...toFlat(ranks)].map((rank, at) => {
    const start = (at % heads) * ids.length;
    const row = attention[Math.floor(at / heads)].subarray(start, start + ids.length);
    const there = places.reduce((sum, place) => sum + row[place], 0);
    const before = row.subarray(0, -1).reduce((sum, one) => sum + one, 0);
    return {
      attention: there,
      elsewhere: others > 0 ? (before - there) / others : 0,
      writes: rank <= topK ? 1 : 0,
      forbids: rank > vocab - topK ? 1 : 0,
    };
  });
}
