/** Tokenizers from a checkpoint's tokenizer.json, behind core's interface. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Tokenizer as PlainTokenizer } from "@huggingface/tokenizers";
import { OutOfRangeError, type Tokenizer } from "@mlxterp/core";
import { z } from "zod";
import { TokenizerError } from "../errors.js";
import { readJsonFile } from "../loading/json-file.js";
import { type ChatMessage, type ChatOptions, type ChatPrompt, createChatWriter } from "./chat.js";
import { applyPolicy, type TextMarks, templateMarks } from "./marks.js";
import { pieceStyle, pieceText } from "./pieces.js";
import { readSettings, type Settings } from "./settings.js";
import { createTokenFinder, specialIds, type TextToken } from "./text-tokens.js";
import { partwiseNormalizer, type TokenizerJson, tokenizerJson } from "./tokenizer-json.js";
import { readUnicodeSpaces } from "./white-space.js";

export interface EncodeOptions {
  /** Whether to add what `marks` shows, such as BOS. Default: true. */
  readonly addSpecialTokens?: boolean;
}

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
 * The tokenizer in a checkpoint's folder: `tokenizer.json` with the policy of `tokenizer_config.json`.
 *
 * @returns undefined when there is no `tokenizer.json`; token ids then still work as prompts
 * @throws TokenizerError (`TOKENIZER`), CorruptCheckpointError (`CORRUPT_CHECKPOINT`)
 * @example
 * await model.saveModel("my-model");
 * loadTokenizer("my-model")?.pieces([1, 8, 9]); // ["<bos>", "Accra", "Adam"]
 */
export function loadTokenizer(folder: string): TextTokenizer | undefined {
  const file = join(folder, "tokenizer.json");
  if (!existsSync(file)) return undefined;
  const settings = readSettings(folder);
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
  const plain = construct(json, settings, file);
  const idOf = (token: string | null | undefined) =>
    token === null || token === undefined ? undefined : plain.token_to_id(token);
  const [bosId, eosId] = [idOf(settings.bos_token), idOf(settings.eos_token)];
  const encodePlain = (text: string, marked: boolean) =>
    plain.encode(wellFormed(text), { add_special_tokens: marked }).ids;
  const marks = applyPolicy(templateMarks(encodePlain), settings, { bos: bosId, eos: eosId });
  const encode = (text: string, { addSpecialTokens = true }: EncodeOptions = {}) => {
    const ids = encodePlain(text, false);
    return addSpecialTokens ? [...marks.before, ...ids, ...marks.after] : [...ids];
  };
  const tokens = tokensOf(plain, json, marks, file);
  return {
    ...{ bosId, eosId, padId: idOf(settings.pad_token), marks, encode, tokens },
    unknownId: json.model.unk_id ?? idOf(json.model.unk_token),
    ...vocabularyOf(plain, json),
    encodeBatch: (texts, options) => texts.map((text) => encode(text, options)),
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

function vocabularyOf(plain: PlainTokenizer, json: TokenizerJson): Vocabulary {
  const style = pieceStyle(json.decoder);
  const vocabSize = 1 + [...plain.get_vocab(true).values()].reduce((a, b) => Math.max(a, b), -1);
  const piece = (id: number) => {
    const token = plain.id_to_token(id);
    if (token === undefined) throw new OutOfRangeError("Token", id, vocabSize, "the tokenizer");
    return pieceText(token, style);
  };
  return {
    vocabSize,
    specialTokens: new Map([...specialIds(plain)].map((id) => [plain.id_to_token(id) ?? "", id])),
    decode: (ids) =>
      ids.length === 0 ? "" : plain.decode([...ids], { clean_up_tokenization_spaces: false }),
    pieces: (ids) => ids.map(piece),
    tokenToId: (token) => plain.token_to_id(token),
    idToToken: (id) => plain.id_to_token(id),
  };
}

/** What finds a text's tokens; made when it is first asked. */
function tokensOf(
  plain: PlainTokenizer,
  json: TokenizerJson,
  marks: TextMarks,
  file: string,
): TextTokenizer["tokens"] {
  let find: ReturnType<typeof createTokenFinder> | undefined;
  return (text, { addSpecialTokens = true } = {}) => {
    find ??= createTokenFinder(plain, json, construct(withoutVocabulary(json), {}, file));
    const readable = wellFormed(text);
    const ids = plain.encode(readable, { add_special_tokens: false }).ids;
    return find(text, ids, addSpecialTokens ? marks : { before: [], after: [] });
  };
}

/** The same normalizer and pre-tokenizer, for parts of a text. */
function withoutVocabulary(json: TokenizerJson): TokenizerJson {
  return {
    ...json,
    normalizer: partwiseNormalizer(json),
    ...{ added_tokens: [], post_processor: null, decoder: null },
    model: { type: "WordLevel", vocab: { "": 0 }, unk_token: "" },
  };
}

function construct(json: TokenizerJson, settings: Partial<Settings>, file: string): PlainTokenizer {
  try {
    const plain = new PlainTokenizer(json, settings);
    readUnicodeSpaces(plain);
    return plain;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TokenizerError(file, `it cannot be used: ${reason}`, { cause });
  }
}
