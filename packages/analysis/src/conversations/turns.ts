/**
 * Conversations turn by turn: who attends to what was said when, and which turns the answer needs to see.
 *
 * `turnAttention` sums attention over turns. `turnKnockout` cuts it: for every two turns the later one no longer sees the earlier, in all layers and heads,
 * and what that does to the answer says whether something was carried from the one to the other.
 *
 * Caveats. Attention to a turn is often attention to its first token or its marks: `parts: "content"` leaves out what the template writes. A turn that
 * is cut off from one may still learn of it through a third. What follows the last turn (the beginning of the answer) is a part of its own.
 *
 * Source: cutting attention: Geva et al. 2023, "Dissecting Recall of Factual Associations in Auto-Regressive Language Models", arXiv 2304.14767.
 */
import { notFiniteError, provenanceOf } from "@mlxterp/core";
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { createGrid, createTable, type Grid, parseOptions, type Result, type RunControl, type Table } from "@mlxterp/results"; // biome-ignore format: one import
import { z } from "zod";
import { resolveAnswers } from "../shared/answers.js";
import { askedOf } from "../shared/asked.js";
import { lastLogits, lazyPass } from "../shared/lazy-pass.js";
import { range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { fedOf } from "../shared/prompts.js";
import { answers } from "../shared/schemas.js";
import { select } from "../shared/select.js";
import type { WrittenChat } from "./conversation.js";

const parts = z
  .enum(["all", "content"])
  .default("all")
  .describe("whole turns, or only what was said in them");

const turnAttentionOptions = z.object({ parts });

const turnKnockoutOptions = z.object({
  parts,
  answer: answers.describe("the answer whose log probability is followed"),
  layers: z
    .array(z.int())
    .min(1)
    .readonly()
    .optional()
    .describe("layers in which attention is cut; default all"),
});

/** Options of `turnAttention`. */
export type TurnAttentionOptions = z.input<typeof turnAttentionOptions> & RunControl;
/** Options of `turnKnockout`. */
export type TurnKnockoutOptions = z.input<typeof turnKnockoutOptions> & RunControl;

type Turns = Table<{ readonly turn: string; readonly tokens: number }>;

export type TurnAttentionResult = Result<
  "turn-attention",
  {
    /** The share of its attention that a token of one turn gives to another turn, the mean over its tokens. */
    readonly attention: Grid<"layer" | "head" | "query" | "key">;
  },
  { readonly turns: Turns }
>;

export type TurnKnockoutResult = Result<
  "turn-knockout",
  {
    /** What the answer's log probability loses when `query` no longer sees `key`; NaN above the diagonal and on it. */
    readonly loss: Grid<"query" | "key">;
  },
  { readonly turns: Turns }
>;

/** A turn as a group of positions. */
interface Group {
  readonly name: string;
  readonly positions: readonly number[];
}

/** The turns, and what comes after the last of them. */
function groupsOf({ ids, turns }: WrittenChat, which: "all" | "content"): Group[] {
  const groups = turns.map(({ role, start, end, content }, index) => {
    const span = which === "content" ? content : { start, end };
    const positions = range(span.end - span.start).map((at) => span.start + at);
    return { name: `${index}: ${role}`, positions };
  });
  const end = turns.at(-1)?.end ?? 0;
  const rest = range(ids.length - end).map((at) => end + at);
  const all = rest.length > 0 ? [...groups, { name: "answer", positions: rest }] : groups;
  return all.filter(({ positions }) => positions.length > 0);
}

function turnTable(groups: readonly Group[]): Turns {
  const rows = groups.map(({ name, positions }) => ({ turn: name, tokens: positions.length }));
  return createTable(["turn", "tokens"], rows);
}

/**
 * Attention from turn to turn, of every head.
 *
 * @param chat what the tokenizer's `applyChatTemplate` gives
 * @throws NotFiniteError (`NOT_FINITE`); UnknownSiteError (`UNKNOWN_SITE`) for layers that do not attend; InvalidArgumentError (`INVALID_ARGUMENT`)
 * @example
 * const turns = [{ role: "user", start: 0, end: 3, content: { start: 1, end: 3 } }];
 * const { grids } = await turnAttention(model, { ids: [1, 467, 223, 384], turns });
 * valueAt(grids.attention, { layer: 0, head: 0, query: "answer", key: "0: user" }); // a share
 */
export async function turnAttention(
  model: AnalysisModel,
  chat: WrittenChat,
  options?: TurnAttentionOptions,
): Promise<TurnAttentionResult> {
  const asked = parseOptions("turnAttention", turnAttentionOptions, options);
  const groups = groupsOf(chat, asked.parts);
  const width = chat.ids.length;
  const member = (average: boolean) =>
    mx.array(groups.map(({ positions }) => range(width).map((at) => (positions.includes(at) ? (average ? 1 / positions.length : 1) : 0)))); // biome-ignore format: one line
  const [rows, columns] = [member(true), member(false).T]; // (turns, query), (key, turns)
  const sums = await lazyPass(model, [[...chat.ids]], {}, (trace) =>
    range(model.anatomy.layers).map((layer) => {
      const pattern = trace
        .at(`layers.${layer}.selfAttn.pattern`)
        .value.index(0)
        .astype(mx.float32);
      return mx.matmul(mx.matmul(rows, pattern), columns); // (heads, turns, turns)
    }),
  );
  const values = Float64Array.from(sums.flatMap((sum) => [...toFlat(sum)]));
  if (!values.every(Number.isFinite))
    throw await notFiniteError("Attention", model, [[...chat.ids]]);
  const names = groups.map(({ name }) => name);
  const labels = {
    layer: range(model.anatomy.layers),
    head: range(model.anatomy.heads),
    query: names,
    key: names,
  };
  return {
    method: "turn-attention",
    asked: askedOf(asked),
    fed: [fedOf(model, "prompt", chat.ids)],
    grids: { attention: createGrid({ labels, values, unit: "share" }) },
    tables: { turns: turnTable(groups) },
    notes: [],
    provenance: provenanceOf(model),
  };
}

/**
 * What the answer loses when one turn no longer sees another.
 *
 * @throws AnswerTokenError (`ANSWER_TOKEN`), OutOfRangeError (`OUT_OF_RANGE`), NotFiniteError (`NOT_FINITE`), InvalidArgumentError
 *   (`INVALID_ARGUMENT`); the signal's reason
 * @example
 * const turns = [{ role: "user", start: 0, end: 3, content: { start: 1, end: 3 } }];
 * const { grids } = await turnKnockout(model, { ids: [1, 467, 223, 384], turns }, { answer: 10 });
 * valueAt(grids.loss, { query: "answer", key: "0: user" }); // nats
 */
export async function turnKnockout(
  model: AnalysisModel,
  chat: WrittenChat,
  options: TurnKnockoutOptions,
): Promise<TurnKnockoutResult> {
  const asked = parseOptions("turnKnockout", turnKnockoutOptions, options);
  const layers = select("Layer", asked.layers, model.anatomy.layers);
  const groups = groupsOf(chat, asked.parts);
  const [{ token, notes }] = resolveAnswers(model, asked.answer, [chat.ids]);
  const logProbability = async (cut: readonly [Group, Group] | undefined) => {
    const hide = cut && hidden(chat.ids.length, cut[0].positions, cut[1].positions);
    const sites = hide ? layers.map((layer) => `layers.${layer}.selfAttn.scores`) : [];
    const interventions = Object.fromEntries(
      sites.map((site) => [
        site,
        (x: MxArray) => (hide ? mx.where(hide, -1e9, x).astype(x.dtype) : x),
      ]),
    );
    const [found] = await lazyPass(model, [[...chat.ids]], { interventions }, (trace) => {
      const logits = lastLogits(model, trace);
      return [mx.subtract(logits.index(0, token.id), mx.logsumexp(logits.index(0)))];
    });
    return Number(found.item());
  };
  const plain = await logProbability(undefined);
  const names = groups.map(({ name }) => name);
  const values = new Float64Array(groups.length ** 2).fill(Number.NaN);
  for (const [later, query] of groups.entries()) {
    for (const [earlier, key] of groups.slice(0, later).entries()) {
      asked.signal?.throwIfAborted();
      values[later * groups.length + earlier] = plain - (await logProbability([query, key]));
    }
    asked.onProgress?.({ done: later + 1, total: groups.length, stage: "turns" });
  }
  if (!Number.isFinite(plain)) throw await notFiniteError("Logits", model, [[...chat.ids]]);
  return {
    method: "turn-knockout",
    asked: askedOf(asked, { answer: token.id }),
    fed: [fedOf(model, "prompt", chat.ids, { answer: token })],
    grids: {
      loss: createGrid({ labels: { query: names, key: names }, values, unit: "nats", neutral: 0 }),
    },
    tables: { turns: turnTable(groups) },
    notes: [...notes],
    provenance: provenanceOf(model),
  };
}

/** (1, 1, query, key): where attention is cut. */
function hidden(width: number, queries: readonly number[], keys: readonly number[]): MxArray {
  const [from, to] = [new Set(queries), new Set(keys)];
  const mask = range(width).map((query) =>
    range(width).map((key) => (from.has(query) && to.has(key) ? 1 : 0)),
  );
  return mx.greater(mx.array(mask as number[][]).reshape([1, 1, width, width]), 0);
}
