/** Pairs of prompts that differ in the decisive words: tokenized, checked, with the answers that they are judged by. */
import { checkModel } from "@mlxterp/core";
import { InvalidArgumentError } from "@mlxterp/mlx";
import type { Fed, Note } from "@mlxterp/results";
import { checkOptions, checkRecord } from "@mlxterp/results/errors";
import type { AnswerChoice, AnswerKinds, AnswerTokens } from "./answers.js";
import { UnequalLengthError } from "./errors.js";
import { range } from "./lists.js";
import type { AnalysisModel } from "./model.js";
import { fedOf, type ManyPrompts, type OnePrompt, promptIds, promptList } from "./prompts.js";
import { type AskedAnswers, resolveBoth } from "./questions.js";
import { alignSpans, type GivenSpans, type Span } from "./spans.js";
import type { TokenSet } from "./token-sets.js";

/** Prompts that differ in the decisive words: one of each, or as many of each. */
export interface PatchingPrompts {
  /** The prompt that gets the answer right. */
  readonly clean: OnePrompt | ManyPrompts;
  /** The same with the decisive words exchanged; as many tokens, or with `spans` that say what stands for what. */
  readonly corrupted: OnePrompt | ManyPrompts;
  /** Words that stand for each other and may differ in their number of tokens: of one pair, or a list for each. */
  readonly spans?: GivenSpans | readonly GivenSpans[] | undefined;
}

/** One pair of prompts as it was fed. */
export interface PromptPair {
  readonly clean: Fed;
  readonly corrupted: Fed;
  readonly answer: AnswerTokens;
  readonly wrongAnswer?: AnswerTokens;
  /** For each position of the clean prompt that of the corrupted one, null where it has none; undefined where all are the same. */
  readonly aligned?: readonly (number | null)[];
  /** One continuation of an answer of several tokens, of which all but the last are fed behind both prompts. */
  readonly reading?: {
    /** What is looked for at each of the last positions. */
    readonly steps: readonly TokenSet[];
    /** Tokens behind the prompt. */
    readonly fed: number;
  };
}

/** Pairs, and what a reader must know of how they were read. */
export interface PromptPairs {
  readonly pairs: readonly PromptPair[];
  readonly notes: readonly Note[];
  readonly asked: AskedAnswers;
}

interface Answers {
  readonly answer: AnswerChoice | readonly AnswerChoice[];
  readonly wrongAnswer?: AnswerChoice | readonly AnswerChoice[] | undefined;
}

/** What a method can do with pairs, beside those of one length and single tokens. */
export interface PairKinds extends Pick<AnswerKinds, "sequences"> {
  /** Whether prompts of a pair may differ in length where spans are marked; `loose` where nothing is compared position by position. */
  readonly spans?: boolean | "loose";
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`), also for a misspelt `spans`, which would be left out in silence */
export function checkPairInput(input: PatchingPrompts): void {
  checkRecord("pairs", input);
  checkOptions<PatchingPrompts>("pairs", input, { clean: true, corrupted: true, spans: true });
}

/**
 * The pairs of a request; different pairs may differ in length.
 *
 * @throws UnequalLengthError (`UNEQUAL_LENGTH`) within a pair; AnswerTokenError (`ANSWER_TOKEN`);
 *   InvalidArgumentError (`INVALID_ARGUMENT`) for lists of different length
 */
export function resolvePairs(
  model: AnalysisModel,
  input: PatchingPrompts,
  options: Answers,
  kinds: PairKinds = {},
): PromptPairs {
  checkModel("model", model);
  checkPairInput(input);
  const clean = promptList(model, input.clean);
  const corrupted = promptList(model, input.corrupted);
  if (clean.length !== corrupted.length || clean.length === 0) {
    const counts = `${clean.length} clean and ${corrupted.length} corrupted prompts`;
    const rule = `${counts} make no pairs; give as many of each, at least one.`;
    throw new InvalidArgumentError("corrupted", input.corrupted, rule);
  }
  const { answers, wrong, notes, asked } = resolveBoth(model, options, clean, corrupted, {
    ...kinds,
    sets: true,
  });
  const cleanIds = promptIds(model, clean);
  const corruptedIds = promptIds(model, corrupted);
  const spans = spansOfPairs(input.spans, clean.length);
  const pairs = clean.map((_, index): PromptPair => {
    const answer = answers[index].token;
    const wrongAnswer = wrong?.[index].token;
    const about = { answer, ...(wrongAnswer && { wrongAnswer }) };
    const fed = {
      clean: fedOf(model, "clean", cleanIds[index], about),
      corrupted: fedOf(model, "corrupted", corruptedIds[index]),
    };
    const found = alignSpans(model, fed, spans[index]);
    return { ...found, ...about };
  });
  for (const pair of pairs) checkPair(pair, kinds);
  return { pairs, notes, asked };
}

/** One list of spans for each pair. */
export function spansOfPairs(
  given: PatchingPrompts["spans"],
  pairs: number,
): readonly GivenSpans[] {
  const none: GivenSpans = [];
  if (given === undefined) return new Array<GivenSpans>(pairs).fill(none);
  const lists = given.length > 0 && given.every((one) => Array.isArray(one));
  const each = (lists ? given : [given]) as readonly GivenSpans[];
  if (each.length === pairs) return each;
  const rule = `${each.length} lists of spans do not fit ${pairs} pairs; give one for each.`;
  throw new InvalidArgumentError("spans", given, rule);
}

function checkPair({ clean, corrupted, aligned }: PromptPair, { spans }: PairKinds): void {
  if (spans === "loose") return;
  if (aligned && !spans) {
    const rule =
      "this method compares prompts of one length only; those that patch, score edges or find circuits take pairs that spans align.";
    throw new InvalidArgumentError("spans", spansOf(clean, corrupted), rule);
  }
  if (aligned || clean.ids.length === corrupted.ids.length) return;
  throw new UnequalLengthError(clean.pieces, corrupted.pieces);
}

function spansOf(clean: Fed, corrupted: Fed): readonly (readonly Span[] | undefined)[] {
  return [clean.spans, corrupted.spans];
}

/**
 * For methods whose answer has an axis of positions, which pairs must then share.
 *
 * @throws UnequalLengthError (`UNEQUAL_LENGTH`)
 */
export function checkSameLength(pairs: readonly PromptPair[]): void {
  const [first] = pairs;
  for (const [index, { clean }] of pairs.entries()) {
    if (clean.ids.length === first.clean.ids.length) continue;
    throw new UnequalLengthError(first.clean.pieces, clean.pieces, ["pair 0", `pair ${index}`]);
  }
}

/** The clean prompt's own positions that stand for something in the corrupted one. */
export function sharedPositions({ clean, aligned, reading }: PromptPair): number[] {
  const own = clean.ids.length - (reading?.fed ?? 0);
  return range(own).filter((at) => !aligned || aligned[at] !== null);
}
