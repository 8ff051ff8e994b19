/** Words of two prompts that stand for each other though they differ in their number of tokens. */
import { InvalidArgumentError } from "@mlxterp/mlx";
import type { Fed } from "@mlxterp/results";
import { UnequalLengthError } from "./errors.js";
import type { AnalysisModel } from "./model.js";

/** From a position up to but without another. */
export type Span = readonly [from: number, to: number];

/** The same place in both prompts: words that occur once, or positions of tokens. */
export interface SpanPair {
  readonly clean: string | Span;
  readonly corrupted: string | Span;
}

export type GivenSpans = readonly SpanPair[];

/** Both prompts, and which positions stand for each other. */
interface Aligned {
  readonly clean: Fed;
  readonly corrupted: Fed;
  readonly aligned?: readonly (number | null)[];
}

interface Prompts {
  readonly clean: Fed;
  readonly corrupted: Fed;
}

/**
 * Positions that stand for each other. Between spans both prompts must have as many tokens, which are then taken one by one; within
 * a span the last token stands for the last, the one before for the one before, and what the longer has more stands for nothing.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for words that do not occur just once, and spans that overlap or lie outside;
 *   UnequalLengthError (`UNEQUAL_LENGTH`) where a stretch between spans differs in length
 */
export function alignSpans(
  model: AnalysisModel,
  { clean, corrupted }: Prompts,
  given: GivenSpans,
): Aligned {
  if (given.length === 0) return { clean, corrupted };
  const spans = given
    .map((pair) => ({
      own: locateSpan(model, clean, pair.clean),
      other: locateSpan(model, corrupted, pair.corrupted),
    }))
    .sort((a, b) => a.own[0] - b.own[0]);
  const aligned = new Array<number | null>(clean.ids.length).fill(null);
  let [at, otherAt] = [0, 0];
  const between = (end: number, otherEnd: number) => {
    if (end < at || otherEnd < otherAt) {
      const rule = "they overlap, or stand in another order in the two prompts.";
      throw new InvalidArgumentError("spans", given, rule);
    }
    if (end - at !== otherEnd - otherAt) {
      throw new UnequalLengthError(clean.pieces.slice(at, end), corrupted.pieces.slice(otherAt, otherEnd), ["clean between spans", "corrupted between spans"]); // biome-ignore format: one error
    }
    for (; at < end; at++, otherAt++) aligned[at] = otherAt;
  };
  for (const { own, other } of spans) {
    between(own[0], other[0]);
    const shared = Math.min(own[1] - own[0], other[1] - other[0]);
    for (let back = 1; back <= shared; back++) aligned[own[1] - back] = other[1] - back;
    [at, otherAt] = [own[1], other[1]];
  }
  between(clean.ids.length, corrupted.ids.length);
  const same =
    aligned.every((other, own) => other === own) && clean.ids.length === corrupted.ids.length;
  return {
    clean: { ...clean, spans: spans.map(({ own }) => own) },
    corrupted: { ...corrupted, spans: spans.map(({ other }) => other) },
    ...(!same && { aligned }),
  };
}

/** The tokens of a span; where it cuts a token, all of that. */
export function locateSpan(model: AnalysisModel, fed: Fed, span: string | Span): Span {
  if (typeof span !== "string") return checked(fed, span);
  const { tokenizer } = model;
  const about = `the ${fed.role} prompt`;
  if (!tokenizer) {
    const rule = `this model has no tokenizer to find ${JSON.stringify(span)} with; give positions, [from, to].`;
    throw new InvalidArgumentError("spans", span, rule);
  }
  const ends = fed.ids.map((_, at) => tokenizer.decode(fed.ids.slice(0, at + 1)));
  const text = ends[ends.length - 1];
  const start = span === "" ? -1 : text.indexOf(span);
  if (start < 0 || text.indexOf(span, start + 1) >= 0) {
    const rule = `${JSON.stringify(span)} occurs ${start < 0 ? "nowhere" : "more than once"} in ${about}, ${JSON.stringify(text)}. Give words that occur once, or positions, [from, to].`;
    throw new InvalidArgumentError("spans", span, rule);
  }
  const reached = (length: number) => ends.findIndex((end) => end.length >= length);
  return [reached(start + 1), reached(start + span.length) + 1];
}

function checked({ ids, role }: Fed, span: Span): Span {
  const [from, to] = span;
  const inside = Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from < to;
  if (inside && to <= ids.length) return [from, to];
  const which = role === "prompt" ? "prompt" : `${role} prompt`;
  const rule = `a span of the ${which} is [from, to] with 0 ≤ from < to ≤ ${ids.length}, not ${JSON.stringify(span)}.`;
  throw new InvalidArgumentError("spans", span, rule);
}
