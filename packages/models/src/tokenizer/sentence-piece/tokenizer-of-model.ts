/** The tokenizer of a folder that has no tokenizer.json but SentencePiece's own file. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { readJsonFile } from "../../checkpoint/files/json-file.js";
import { TokenizerError } from "../../errors.js";
import { type Piece, readSentencePiece, type SentencePieceModel } from "./model-file.js";
import { mergesOfScores } from "./score-merges.js";

const names = ["tokenizer.model", "spiece.model"];
const space = "▁";

/** What tokenizer_config.json says of marks; the fields that are read here. */
interface Settings {
  readonly [field: string]: unknown;
  readonly bos_token?: string | null;
  readonly eos_token?: string | null;
  readonly pad_token?: string | null;
  readonly unk_token?: string | null;
  readonly add_bos_token?: boolean | null;
  readonly add_eos_token?: boolean | null;
}

/** A tokenizer as its tokenizer.json would have it. */
interface WrittenTokenizer<S> {
  readonly json: object;
  readonly settings: S;
  readonly file: string;
}

/**
 * @returns undefined where a folder has no such file
 * @throws TokenizerError (`TOKENIZER`)
 */
export function sentencePieceOf<S extends Settings>(
  folder: string,
  settings: S,
): WrittenTokenizer<S> | undefined {
  const file = names.map((name) => join(folder, name)).find((path) => existsSync(path));
  if (!file) return undefined;
  const model = readSentencePiece(file);
  const tokens = model.pieces.map(({ text }) => text);
  const added = addedTokens(model.pieces, furtherTokens(folder, settings, file));
  const json = { ...partsOf(model, tokens, settings), added_tokens: added, post_processor: null };
  return { json, settings: completed(settings, model), file };
}

function partsOf(model: SentencePieceModel, tokens: readonly string[], { legacy }: Settings) {
  const { addPrefix, byteFallback } = model;
  const replace = { type: "Replace", pattern: { String: " " }, content: space };
  const prepend = { type: "Prepend", prepend: space };
  const first = addPrefix && legacy === false; // none behind a special token
  const scheme = { replacement: space, prepend_scheme: "first", split: false };
  const strip = { type: "Strip", content: " ", start: 1, stop: 0 };
  return {
    normalizer: {
      type: "Sequence",
      normalizers: [
        ...rules(model),
        ...(addPrefix && !first ? [prepend] : []),
        ...(first ? [] : [replace]),
      ],
    },
    pre_tokenizer: first ? { type: "Metaspace", ...scheme } : null,
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: space }, content: " " },
        ...(byteFallback ? [{ type: "ByteFallback" }] : []),
        { type: "Fuse" },
        ...(addPrefix ? [strip] : []),
      ],
    },
    model: model.algorithm === "bpe" ? bpe(model, tokens) : unigram(model),
  };
}

/** The file's own rules, and what it takes for one space. */
function rules({ charsMap, removeExtraSpaces }: SentencePieceModel): object[] {
  return [
    ...(charsMap.length > 0
      ? [{ type: "Precompiled", precompiled_charsmap: charsMap.toString("base64") }]
      : []),
    ...(removeExtraSpaces
      ? [
          { type: "Replace", pattern: { Regex: `^ +|[ ${space}]+$` }, content: "" },
          { type: "Replace", pattern: { Regex: " {2,}" }, content: " " },
        ]
      : []),
  ];
}

function bpe({ pieces, byteFallback, ids }: SentencePieceModel, tokens: readonly string[]) {
  const mergeable = pieces.map(({ text, kind }) => (kind === "normal" ? text : ""));
  return {
    type: "BPE",
    vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
    merges: mergesOfScores(
      mergeable,
      pieces.map(({ score }) => score),
    ),
    unk_token: tokens[ids.unknown] ?? null,
    fuse_unk: true,
    byte_fallback: byteFallback,
  };
}

function unigram({ pieces, byteFallback, ids }: SentencePieceModel) {
  return {
    type: "Unigram",
    vocab: pieces.map(({ text, score }) => [text, score]),
    unk_id: ids.unknown < 0 ? null : ids.unknown,
    byte_fallback: byteFallback,
  };
}

interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
}

function addedTokens(pieces: readonly Piece[], further: readonly AddedToken[]): object[] {
  const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  const own = pieces.flatMap(({ text, kind }, id): AddedToken[] => {
    if (kind !== "control" && kind !== "user" && kind !== "unknown") return [];
    return [{ id, content: text, special: kind !== "user" }];
  });
  const known = new Set(further.map(({ id }) => id));
  return [...own.filter(({ id }) => !known.has(id)), ...further].map((token) => ({
    ...plain,
    ...token,
  }));
}

const decoders = z.record(
  z.string().regex(/^\d+$/),
  z.looseObject({ content: z.string(), special: z.boolean().nullish() }),
);
const listed = z.record(z.string(), z.int().nonnegative());

/** Tokens that were added behind SentencePiece's own. */
function furtherTokens(folder: string, settings: Settings, file: string): AddedToken[] {
  const { added_tokens_decoder: given } = settings;
  if (given !== undefined && given !== null) {
    const parsed = decoders.safeParse(given);
    if (!parsed.success)
      throw new TokenizerError(file, "added_tokens_decoder beside it is no list of tokens.");
    return Object.entries(parsed.data).map(([id, token]) => ({
      ...token,
      ...{ id: Number(id), special: token.special ?? false },
    }));
  }
  const beside = join(folder, "added_tokens.json");
  if (!existsSync(beside)) return [];
  const parsed = listed.safeParse(readJsonFile(beside));
  if (!parsed.success) throw new TokenizerError(beside, "it is no list of tokens with ids.");
  return Object.entries(parsed.data).map(([content, id]) => ({ id, content, special: false }));
}

/** The marks that the classes of `transformers` add where the settings say nothing. */
function completed<S extends Settings>(
  settings: S,
  { algorithm, pieces, ids }: SentencePieceModel,
): S {
  const text = (id: number) => pieces[id]?.text;
  const isT5 = /^T5Tokenizer/.test(String(settings.tokenizer_class ?? ""));
  return {
    ...settings,
    bos_token: settings.bos_token ?? text(ids.bos),
    eos_token: settings.eos_token ?? text(ids.eos),
    pad_token: settings.pad_token ?? text(ids.pad),
    unk_token: settings.unk_token ?? text(ids.unknown),
    add_bos_token: settings.add_bos_token ?? (algorithm === "bpe" && ids.bos >= 0),
    add_eos_token: settings.add_eos_token ?? isT5,
  };
}
