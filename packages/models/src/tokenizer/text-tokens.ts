/** The tokens of a text with the characters each stands for. */
import type { Tokenizer as PlainTokenizer } from "@huggingface/tokenizers";
import { type AlignmentRules, alignTokens, type SpelledToken } from "./align-tokens.js";
import type { TextMarks } from "./marks.js";
import { type PieceStyle, pieceStyle, tokenBytes } from "./pieces.js";
import { prefixRule, type TokenizerJson } from "./tokenizer-json.js";
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
  plain: PlainTokenizer,
  json: TokenizerJson,
  light: PlainTokenizer,
): (text: string, ids: readonly number[], marks: TextMarks) => TextToken[] {
  const style = pieceStyle(json.decoder);
  const rules = alignmentRules(json, light);
  const spell = tokenSpeller(plain, json, style);
  const write = (grapheme: string) => {
    const normalized = light.normalizer ? light.normalizer.normalize(grapheme) : grapheme;
    return style === "metaspace" ? normalized.replaceAll(" ", "▁") : normalized;
  };
  const specials = specialIds(plain);
  return (text, ids, { before, after }) => {
    const spelled = ids.map(spell);
    const spans = alignTokens(spelled, writeText(text, write), rules);
    const mark = (at: number) => (id: number) => ({
      ...{ id, token: plain.id_to_token(id) ?? "", text: "", start: at, end: at, whole: true },
      special: specials.has(id),
    });
    const found = ids.map((id, index) => {
      const { start, end, whole } = spans[index];
      const own = {
        token: spelled[index].token,
        text: text.slice(start, end),
        special: specials.has(id),
      };
      return { id, start, end, whole, ...own };
    });
    return [...before.map(mark(0)), ...found, ...after.map(mark(text.length))];
  };
}

/** The ids of tokens that stand for no text of their own, such as BOS. */
export function specialIds(plain: PlainTokenizer): ReadonlySet<number> {
  const added = [...plain.get_added_tokens_decoder().values()];
  return new Set(added.filter(({ special }) => special).map(({ id }) => id));
}

function tokenSpeller(
  plain: PlainTokenizer,
  { model }: TokenizerJson,
  style: PieceStyle,
): (id: number) => SpelledToken {
  const added = plain.get_added_tokens_decoder();
  const inner = model.type === "WordPiece" ? (model.continuing_subword_prefix ?? "##") : "";
  const end = model.end_of_word_suffix ?? "";
  const unknownId = model.unk_token ? plain.token_to_id(model.unk_token) : model.unk_id;
  return (id) => {
    const token = plain.id_to_token(id) ?? "";
    const headless =
      inner !== "" && token.startsWith(inner) ? token.slice(inner.length) || token : token;
    const spelled =
      end !== "" && headless.endsWith(end) ? headless.slice(0, -end.length) : headless;
    return {
      token,
      bytes: tokenBytes(spelled, style),
      added: added.get(id),
      unknown: id === unknownId,
    };
  };
}

function alignmentRules(json: TokenizerJson, light: PlainTokenizer): AlignmentRules {
  const rule = prefixRule(json);
  const prefix = [...new TextEncoder().encode(rule?.prefix)];
  const { type } = json.model;
  const byWord = type === "WordLevel" || type === "WordPiece";
  return {
    prefix: (rest) => (rule && (rule.always || !/^[ ▁]/u.test(rest)) ? prefix : []),
    dropsSpaces: pieceStyle(json.decoder) === "plain",
    unknownLength: (rest) =>
      byWord ? (light.pre_tokenizer?.pre_tokenize(rest)[0]?.length ?? rest.length) : undefined,
  };
}
