/** The tokens of a text with the characters each stands for. */
import {
  type AlignmentRules,
  alignTokens,
  type SpelledToken,
  type TokenSpan,
} from "./align-tokens.js";
import type { EncodedStretch, Engine } from "./engine/engine.js";
import { createNormalizer } from "./engine/normalizers.js";
import type { TextMarks } from "./marks.js";
import { type PieceStyle, pieceStyle, tokenBytes } from "./pieces.js";
import { partwiseNormalizer, prefixRule, type TokenizerJson } from "./tokenizer-json.js";
import { writeText } from "./written-text.js";

/** One token of a text. */
export interface TextToken {
  readonly id: number;
  /** The vocabulary's own spelling, such as `Ġthe` or `▁the`. */
  readonly token: string;
  /** The exact characters it stands for; empty for a token that was added to the text. */
  readonly text: string;
  /** `text` is the prompt's `slice(start, end)`: UTF-16 units, as in every JavaScript string. */
  readonly start: number;
  readonly end: number;
  /** False where a token holds a part of a character only; it and its neighbours then all show that character. */
  readonly whole: boolean;
  readonly special: boolean;
}

/** Makes the function that gives the tokens of a text; the same for all texts of one tokenizer. */
export function createTokenFinder(
  engine: Engine,
  json: TokenizerJson,
): (text: string, stretches: readonly EncodedStretch[], marks: TextMarks) => TextToken[] {
  const style = pieceStyle(json.decoder);
  const rules = alignmentRules(engine, json);
  const spell = tokenSpeller(engine, json, style);
  const partwise = createNormalizer(partwiseNormalizer(json));
  const write = (grapheme: string) => {
    const normalized = partwise(grapheme);
    return style === "metaspace" ? normalized.replaceAll(" ", "▁") : normalized;
  };
  const token = (id: number, text: string, span: TokenSpan): TextToken => ({
    ...{ id, token: engine.tokenOf(id) ?? "", text: text.slice(span.start, span.end), ...span },
    special: engine.added.get(id)?.special === true,
  });
  return (text, stretches, { before, after }) => {
    const mark = (at: number) => (id: number) =>
      token(id, text, { start: at, end: at, whole: true });
    const found = stretches.map(({ start, end, ids, added }) => {
      if (added) return ids.map((id) => token(id, text, { start, end, whole: true }));
      const spans = alignTokens(ids.map(spell), writeText(text.slice(start, end), write), rules);
      return spans.map((span, index) =>
        token(ids[index], text, { ...span, start: start + span.start, end: start + span.end }),
      );
    });
    return [...before.map(mark(0)), ...found.flat(), ...after.map(mark(text.length))];
  };
}

function tokenSpeller(
  engine: Engine,
  { model }: TokenizerJson,
  style: PieceStyle,
): (id: number) => SpelledToken {
  const inner = model.type === "WordPiece" ? (model.continuing_subword_prefix ?? "##") : "";
  const end = model.end_of_word_suffix ?? "";
  return (id) => {
    const token = engine.tokenOf(id) ?? "";
    const added = engine.added.get(id);
    const unknown = id === engine.unknown;
    if (added?.normalized)
      return { token, bytes: addedBytes(added.written, style), added, unknown };
    const headless =
      inner !== "" && token.startsWith(inner) ? token.slice(inner.length) || token : token;
    const spelled =
      end !== "" && headless.endsWith(end) ? headless.slice(0, -end.length) : headless;
    return { token, bytes: tokenBytes(spelled, style), unknown };
  };
}

/** An added token stands in the text as it is written, not in a vocabulary's letters. */
function addedBytes(written: string, style: PieceStyle): readonly number[] {
  return [
    ...new TextEncoder().encode(style === "metaspace" ? written.replaceAll(" ", "▁") : written),
  ];
}

function alignmentRules(engine: Engine, json: TokenizerJson): AlignmentRules {
  const rule = prefixRule(json);
  const prefix = [...new TextEncoder().encode(rule?.prefix)];
  const { type } = json.model;
  const byWord = type === "WordLevel" || type === "WordPiece";
  return {
    prefix: (rest) =>
      rule && (rule.always || !(rest.startsWith(" ") || rest.startsWith(rule.prefix)))
        ? prefix
        : [],
    repeatsPrefix: rule?.repeated === true,
    dropsSpaces: pieceStyle(json.decoder) === "plain",
    keepsSpaces: !/\s/.test(engine.normalize("a b")),
    unknownLength: (rest) =>
      byWord ? (firstWord(rest, engine.divide)?.length ?? rest.length) : undefined,
  };
}

/** Dividing all that is left at every word would take the square of a text's length; a beginning with further words will do. */
function firstWord(text: string, divide: Engine["divide"]): string | undefined {
  for (let length = 32; length < text.length; length *= 2) {
    const words = divide(text.slice(0, length), false);
    if (words.length > 2) return words[0]; // the next one is whole too, so that this ends where it does in the text
  }
  return divide(text, false)[0];
}
