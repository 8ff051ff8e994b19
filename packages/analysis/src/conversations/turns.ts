/**
 * Conversations turn by turn: who attends to what was said when, what would be said after each turn, and which turns the answer needs.
 *
 * Attention is summed over the tokens of turns. Cut, it says more: for every two turns the later one no longer sees the earlier, in all
 * layers and heads, and what the answer loses says whether something was carried from the one to the other. Patching asks where it
 * is carried: the stream of one turn before one layer is put into another conversation of as many tokens.
 *
 * Caveats. Attention to a turn is often attention to its first token or its marks: `parts: "content"` leaves out what the template writes. A turn that
 * is cut off from one may still learn of it through a third. What follows the last turn (the beginning of the answer) is a part of its own.
 *
 * Source: cutting attention: Geva et al. 2023, "Dissecting Recall of Factual Associations in Auto-Regressive Language Models", arXiv 2304.14767.
 */
import { type Prompt, provenanceOf } from "@mlxterp/core";
import { createGrid, createTable, type Fed, type Note, parseOptions } from "@mlxterp/results";
import { logitLens } from "../logit-lens/logit-lens.js";
import { askedOf } from "../shared/asked.js";
import { attendingLayers } from "../shared/attending.js";
import { range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { fedOf } from "../shared/prompts.js";
import { resolveBoth } from "../shared/questions.js";
import { attendTurns } from "./attend.js";
import { cutTurns, patchTurns } from "./carry.js";
import type { WrittenChat } from "./conversation.js";
import { type Group, groupsOf } from "./groups.js";
import { type AskedTurns, type TurnOptions, turnOptions } from "./options.js";
import { readChat } from "./read-chat.js";
import type { TurnResult } from "./result.js";

/**
 * Looks at one conversation.
 *
 * @param input what the tokenizer's `applyChatTemplate` gives; or a prompt with `turns` or `ends`; or nothing, with `messages` or a `file`
 * @throws AnswerTokenError (`ANSWER_TOKEN`), OutOfRangeError (`OUT_OF_RANGE`), NotFiniteError (`NOT_FINITE`), InvalidArgumentError
 *   (`INVALID_ARGUMENT`), EqualBaselinesError (`EQUAL_BASELINES`); MissingAnatomyError (`MISSING_ANATOMY`) for layers that do not attend; the signal's reason
 * @example
 * const turns = [{ role: "user", start: 0, end: 3, content: { start: 1, end: 3 } }];
 * const { grids } = await turnByTurn(model, { ids: [1, 467, 223, 384], turns }, { answer: 10 });
 * valueAt(grids.attention, { layer: 0, head: 0, query: "answer", key: "0: user" }); // a share
 * valueAt(grids.loss!, { query: "answer", key: "0: user" }); // nats
 */
export async function turnByTurn(
  model: AnalysisModel,
  input: WrittenChat | Prompt | undefined,
  options?: TurnOptions,
): Promise<TurnResult> {
  const asked = parseOptions("turnByTurn", turnOptions, options);
  const { prompt, turns } = isChat(input) ? { prompt: input.ids, turns: input.turns } : { prompt: input, turns: asked.turns }; // biome-ignore format: one choice
  const { chat, against } = readChat(model, prompt, { ...asked, ...(turns && { turns }) });
  const layers = attendingLayers("turnByTurn", model, asked.layers);
  const shown = attendingLayers("turnByTurn", model);
  const groups = groupsOf(chat, asked.parts);
  const questions = answersOf(model, chat.ids, asked);
  const attention = await attendTurns(model, chat.ids, groups, shown);
  const lens = await lensOf(model, chat.ids, groups, asked.topK);
  const { signal, onProgress } = asked;
  const carried = await carriedOf(model, chat.ids, groups, { ...questions, layers, against, signal, onProgress }); // biome-ignore format: one line
  const { file: _file, messages: _messages, ends: _ends, ...repeatable } = asked; // its tokens and turns are fed and kept
  return {
    method: "turns",
    asked: askedOf(repeatable, {
      turns: chat.turns.map(({ role, start, end, content }) => ({ role, start, end, content: { start: content.start, end: content.end } })), // biome-ignore format: one list
      ...(against && { against: [...against] }),
      ...questions?.asked,
    }),
    fed: fedBy(model, chat.ids, questions),
    grids: { ...gridsOf(model, groups, shown, attention), ...lens.grids, ...carried.grids },
    tables: {
      turns: createTable(["turn", "tokens"], groups.map(({ name, positions }) => ({ turn: name, tokens: positions.length }))), // biome-ignore format: one table
      tokens: lens.tokens,
      scores: createTable(["conversation", "score"], carried.scores),
    },
    notes: [...(questions?.notes ?? []), ...cutNotes(model, carried.grids)],
    provenance: provenanceOf(model),
  };
}

/** What `loss` cannot say. */
function cutNotes(model: AnalysisModel, { loss }: { readonly loss?: unknown }): Note[] {
  if (!loss) return [];
  const diagonal =
    "loss has no number (NaN) where nothing is cut: no turn sees itself from outside, or a later one.";
  const notes: Note[] = [{ code: "NOTHING_TO_CUT", text: diagonal }];
  const mixers = model.sites().filter(({ site }) => /^layers\.\d+\.mixer$/.test(site)).length;
  if (mixers === 0) return notes;
  const text = `${mixers} of ${model.anatomy.layers} layers also carry turns in a state that is not cut, so loss is what attention alone carries.`;
  return [...notes, { code: "STATE_NOT_CUT", text }];
}

function isChat(input: WrittenChat | Prompt | undefined): input is WrittenChat {
  return typeof input === "object" && input !== null && "turns" in input;
}

function answersOf(
  model: AnalysisModel,
  ids: readonly number[],
  { answer, wrongAnswer }: AskedTurns,
) {
  if (answer === undefined) return undefined;
  const found = resolveBoth(model, { answer, wrongAnswer }, [ids], [ids], { sets: true });
  const { asked, notes, answers, wrong } = found;
  return { answer: answers[0].token, wrongAnswer: wrong?.[0].token, notes, asked };
}

type Questions = ReturnType<typeof answersOf>;

function fedBy(model: AnalysisModel, ids: readonly number[], questions: Questions): Fed[] {
  const { answer, wrongAnswer } = questions ?? {};
  return [fedOf(model, "prompt", ids, { ...(answer && { answer }), ...(wrongAnswer && { wrongAnswer }) })]; // biome-ignore format: one list
}

function gridsOf(
  model: AnalysisModel,
  groups: readonly Group[],
  layer: readonly number[],
  values: Float64Array,
) {
  const names = groups.map(({ name }) => name);
  const { heads } = model.anatomy;
  const labels = { layer, head: range(heads), query: names, key: names };
  return { attention: createGrid({ labels, values, unit: "share" }) };
}

/** What would be said after each turn, layer by layer. */
async function lensOf(
  model: AnalysisModel,
  ids: readonly number[],
  groups: readonly Group[],
  topK: number,
) {
  const positions = groups.map((group) => group.positions[group.positions.length - 1]);
  const { grids, tables } = await logitLens(model, ids, { positions, topK });
  const { layer, rank } = grids.token.labels;
  const labels = { layer, turn: groups.map(({ name }) => name), rank };
  return {
    grids: {
      token: createGrid({ labels, values: grids.token.values, unit: "token" }),
      probability: createGrid({ labels, values: grids.probability.values, unit: "probability" }),
    },
    tokens: tables.tokens,
  };
}

type Carrying = Pick<AskedTurns, "signal" | "onProgress"> &
  Partial<NonNullable<Questions>> & {
    readonly layers: readonly number[];
    readonly against: readonly number[] | undefined;
  };

async function carriedOf(
  model: AnalysisModel,
  ids: readonly number[],
  groups: readonly Group[],
  { answer, wrongAnswer, layers, against, signal, onProgress }: Carrying,
) {
  if (!answer) return { grids: {}, scores: [] };
  const about = { answer, wrongAnswer, layers, signal, onProgress };
  const { losses, plain } = await cutTurns(model, ids, groups, about);
  const names = groups.map(({ name }) => name);
  const loss = createGrid({ labels: { query: names, key: names }, values: losses, unit: "nats", neutral: 0 }); // biome-ignore format: one grid
  const own = { conversation: "this", score: plain };
  if (!against) return { grids: { loss }, scores: [own] };
  const { effects, corrupted } = await patchTurns(model, [ids, against], groups, { ...about, plain }); // biome-ignore format: one call
  const labels = { layer: range(model.anatomy.layers), turn: names };
  const patch = createGrid({ labels, values: effects, unit: "effect", neutral: 0 });
  return { grids: { loss, patch }, scores: [own, { conversation: "the other", score: corrupted }] };
}
