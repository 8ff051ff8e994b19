/** Tokenizers from a checkpoint's tokenizer.json, behind core's interface. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { OutOfRangeError, type Tokenizer } from "@mlxterp/core";
import {
  checkBoolean,
  checkInteger,
  checkList,
  checkOptions,
  checkPath,
  checkText,
  type OptionNames,
} from "@mlxterp/mlx";
import { z } from "zod";
import { readJsonFile } from "../checkpoint/files/json-file.js";
import { TokenizerError } from "../errors.js";
import { PatternBudgetError } from "../patterns/pattern.js";
import { type ChatMessage, type ChatOptions, type ChatPrompt, createChatWriter } from "./chat.js";
import { createEngine, type Engine, marksOf } from "./engine/engine.js";
import { TokenizerFileError } from "./engine/step.js";
import { applyPolicy, type TextMarks } from "./marks.js";
import { pieceStyle, pieceText } from "./pieces.js";
import { sentencePieceOf } from "./sentence-piece/tokenizer-of-model.js";
import { readSettings, type Settings } from "./settings.js";
import { createTokenFinder, type TextToken } from "./text-tokens.js";
import { type TokenizerJson, tokenizerJson } from "./tokenizer-json.js";

export interface EncodeOptions {
  /** Whether to add what `marks` shows, such as BOS. Default: true. */
  readonly addSpecialTokens?: boolean;
}

const encodeRules: OptionNames<EncodeOptions> = { addSpecialTokens: checkBoolean };

export interface DecodeOptions {
  /** Whether to leave out tokens that stand for no text of their own, such as BOS. Default: false. */
  readonly skipSpecialTokens?: boolean;
}

const decodeRules: OptionNames<DecodeOptions> = { skipSpecialTokens: checkBoolean };

/** A tokenizer whose tokens, special tokens and policy can be asked for. */
export interface TextTokenizer extends Tokenizer {
  readonly bosId: number | undefined;
  readonly eosId: number | undefined;
  /** What stands for everything the vocabulary lacks; absent where it lacks nothing. */
  readonly unknownId: number | undefined;
  /** What `encode` adds around every text. */
  readonly marks: TextMarks;
  /** The ids of special tokens by their text; in a text they are read as tokens, not as characters. */
  readonly specialTokens: ReadonlyMap<string, number>;
  /** @param text a lone surrogate is read as U+FFFD */
  encode(text: string, options?: EncodeOptions): number[];
  /**
   * The text of tokens. An id that is not in the vocabulary stands for nothing, as the Rust tokenizers have it.
   *
   * @example
   * const ids = tokenizer.encode("Mary gave");
   * tokenizer.decode(ids, { skipSpecialTokens: true }); // "Mary gave"
   */
  decode(ids: readonly number[], options?: DecodeOptions): string;
  encodeBatch(texts: readonly string[], options?: EncodeOptions): number[][];
  /**
   * The tokens of a text, each with the characters it stands for.
   *
   * @throws TokenAlignmentError (`TOKEN_ALIGNMENT`) where the tokenizer changes texts in a way that cannot be followed
   * @example
   * const found = tokenizer.tokens("Mary gave", { addSpecialTokens: false });
   * found.map(({ text, start, end }) => [text, start, end]); // [["Mary", 0, 4], ["gave", 5, 9]]
   */
  tokens(text: string, options?: EncodeOptions): TextToken[];
  /** @returns undefined for a token that is not in the vocabulary */
  tokenToId(token: string): number | undefined;
  /** The vocabulary's own spelling, such as `▁the`; undefined for an id outside. */
  idToToken(id: number): string | undefined;
  /**
   * Writes a conversation as the model was trained to read it.
   *
   * @returns ids to be used as a prompt as they are, the text they stand for, and the tokens of each message
   * @throws ChatTemplateError (`CHAT_TEMPLATE`) without a template, or when the template refuses the conversation
   * @example
   * const { ids, turns } = tokenizer.applyChatTemplate([{ role: "user", content: "Hello" }], { addGenerationPrompt: true });
   * const user = ids.slice(turns[0].start, turns[0].end);
   */
  applyChatTemplate(messages: readonly ChatMessage[], options?: ChatOptions): ChatPrompt;
}

/**
 * The tokenizer in a checkpoint's folder: `tokenizer.json`, or else SentencePiece's `tokenizer.model`, with the policy of
 * `tokenizer_config.json`.
 *
 * @returns undefined when there is neither; token ids then still work as prompts
 * @throws TokenizerError (`TOKENIZER`), CorruptCheckpointError (`CORRUPT_CHECKPOINT`)
 * @example
 * await model.save("my-model");
 * loadTokenizer("my-model")?.pieces([1, 8, 9]); // ["<bos>", "Accra", "Adam"]
 */
export function loadTokenizer(folder: string): TextTokenizer | undefined {
  checkPath("folder", folder);
  const file = join(folder, "tokenizer.json");
  const settings = readSettings(folder);
  if (!existsSync(file)) {
    const written = sentencePieceOf(folder, settings);
    if (!written) return undefined;
    return createTokenizer(tokenizerJson.parse(written.json), written.settings, written.file);
  }
  const parsed = tokenizerJson.safeParse(readJsonFile(file));
  if (!parsed.success) throw new TokenizerError(file, z.prettifyError(parsed.error));
  return createTokenizer(parsed.data, settings, file);
}

/**
 * @param file to name in messages
 * @throws TokenizerError (`TOKENIZER`)
 */
export function createTokenizer(
  json: TokenizerJson,
  settings: Settings,
  file: string,
): TextTokenizer {
  const engine = blaming(file, () => createEngine(json));
  const idOf = (token: string | null | undefined) =>
    token === null || token === undefined ? undefined : engine.idOf(token);
  const [bosId, eosId] = [idOf(settings.bos_token), idOf(settings.eos_token)];
  const stretches = (text: string) => blaming(file, () => engine.encode(wellFormed(text)));
  const own = blaming(file, () => marksOf(json.post_processor));
  const marks = applyPolicy(own, settings, { bos: bosId, eos: eosId });
  const encode = (text: string, options: EncodeOptions = {}) => {
    checkText("text", text);
    checkOptions<EncodeOptions>("encode", options, encodeRules);
    const { addSpecialTokens = true } = options;
    const ids = stretches(text).flatMap((stretch) => stretch.ids);
    return addSpecialTokens ? [...marks.before, ...ids, ...marks.after] : ids;
  };
  const find = tokensOf(engine, json, marks, stretches);
  const tokens: typeof find = (text, options) => blaming(file, () => find(text, options));
  return {
    ...{ bosId, eosId, padId: idOf(settings.pad_token), marks, encode, tokens },
    unknownId: engine.unknown,
    ...vocabularyOf(engine, json, settings, file),
    encodeBatch: (texts, options) => {
      checkList("texts", texts);
      return texts.map((text) => encode(text, options));
    },
    applyChatTemplate: createChatWriter(settings, tokens),
  };
}

/** With U+FFFD for lone surrogates, as UTF-8 encoders write them. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\uFFFD");
}

type Vocabulary = Pick<
  TextTokenizer,
  "vocabSize" | "specialTokens" | "decode" | "pieces" | "tokenToId" | "idToToken"
>;

function vocabularyOf(
  engine: Engine,
  json: TokenizerJson,
  settings: Settings,
  file: string,
): Vocabulary {
  const style = pieceStyle(json.decoder);
  const piece = (id: number) => {
    const token = engine.tokenOf(id);
    if (token === undefined) throw new OutOfRangeError("Token", id, engine.size, "the tokenizer");
    return pieceText(token, style);
  };
  const special = [...engine.added.values()].filter((token) => token.special);
  const cleanUpSpaces = settings.clean_up_tokenization_spaces === true && json.model.type !== "BPE";
  return {
    vocabSize: engine.size,
    specialTokens: new Map(special.map(({ content, id }) => [content, id])),
    decode: (ids, options = {}) => {
      checkIds(ids);
      checkOptions<DecodeOptions>("decode", options, decodeRules);
      const { skipSpecialTokens = false } = options;
      const rules = { skipSpecialTokens, cleanUpSpaces };
      return blaming(file, () => engine.decode(ids, rules));
    },
    pieces: (ids) => {
      checkIds(ids);
      return ids.map(piece);
    },
    tokenToId: (token) => engine.idOf(checkText("token", token)),
    idToToken: (id) => engine.tokenOf(checkInteger("id", id)),
  };
}

/** Whole numbers; whether the vocabulary has them is told where they are looked up. */
function checkIds(ids: readonly number[]): void {
  checkList("ids", ids);
  for (const [place, id] of ids.entries()) checkInteger(`ids[${place}]`, id);
}

/** What finds a text's tokens; made when it is first asked. */
function tokensOf(
  engine: Engine,
  json: TokenizerJson,
  marks: TextMarks,
  stretches: Engine["encode"],
): TextTokenizer["tokens"] {
  let find: ReturnType<typeof createTokenFinder> | undefined;
  return (text, options = {}) => {
    checkText("text", text);
    checkOptions<EncodeOptions>("tokens", options, encodeRules);
    const { addSpecialTokens = true } = options;
    find ??= createTokenFinder(engine, json);
    return find(text, stretches(text), addSpecialTokens ? marks : { before: [], after: [] });
  };
}

/** Names the file where something in it is wrong, or asks for more time than its texts may take. */
function blaming<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof TokenizerFileError) {
      throw new TokenizerError(file, `it cannot be used: ${cause.message}.`, { cause });
    }
    if (!(cause instanceof PatternBudgetError)) throw cause;
    const reason = `one of its patterns takes too long on this text. Divide the text, or write the pattern so that it looks less far.`;
    throw new TokenizerError(file, reason, { cause });
  }
}
