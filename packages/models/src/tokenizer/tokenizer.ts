/** Tokenizers from a checkpoint's tokenizer.json, behind core's interface. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Tokenizer as PlainTokenizer } from "@huggingface/tokenizers";
import { OutOfRangeError, type Tokenizer } from "@mlxterp/core";
import { z } from "zod";
import { TokenizerError } from "../errors.js";
import { readJsonFile } from "../loading/json-file.js";
import { pieceStyle, pieceText } from "./pieces.js";

/** A tokenizer whose special tokens and vocabulary can be asked for. */
export interface TextTokenizer extends Tokenizer {
  readonly bosId: number | undefined;
  readonly eosId: number | undefined;
  /** @returns undefined for a token that is not in the vocabulary */
  tokenToId(token: string): number | undefined;
  /** The vocabulary's own spelling, such as `▁the`; undefined for an id outside. */
  idToToken(id: number): string | undefined;
}

const specialToken = z
  .union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)])
  .nullish();
const settings = z.looseObject({
  bos_token: specialToken,
  eos_token: specialToken,
  pad_token: specialToken,
  add_bos_token: z.boolean().nullish(),
  add_eos_token: z.boolean().nullish(),
});
type Settings = z.output<typeof settings>;

/**
 * The tokenizer in a checkpoint's folder: `tokenizer.json` with the policy of `tokenizer_config.json`.
 *
 * @returns undefined when there is no `tokenizer.json`; token ids then still work as prompts
 * @throws TokenizerError (`TOKENIZER`), CorruptCheckpointError (`CORRUPT_CHECKPOINT`)
 * @example
 * loadTokenizer("models/stories15M")?.pieces([1, 9038, 2501]); // ["<s>", " Once", " upon"]
 */
export function loadTokenizer(folder: string): TextTokenizer | undefined {
  const file = join(folder, "tokenizer.json");
  if (!existsSync(file)) return undefined;
  const configFile = join(folder, "tokenizer_config.json");
  const config = existsSync(configFile) ? readJsonFile(configFile) : {};
  const parsed = settings.safeParse(config);
  if (!parsed.success) throw new TokenizerError(configFile, z.prettifyError(parsed.error));
  return createTokenizer(readJsonFile(file), parsed.data, file);
}

function createTokenizer(json: unknown, config: Settings, file: string): TextTokenizer {
  const plain = construct(json, config, file);
  const idOf = (token: string | null | undefined) =>
    token === null || token === undefined ? undefined : plain.token_to_id(token);
  const [bosId, eosId] = [idOf(config.bos_token), idOf(config.eos_token)];
  const style = pieceStyle((json as { decoder?: unknown }).decoder);
  const vocabSize = 1 + [...plain.get_vocab(true).values()].reduce((a, b) => Math.max(a, b), -1);
  const piece = (id: number) => {
    const token = plain.id_to_token(id);
    if (token === undefined) throw new OutOfRangeError("Token", id, vocabSize, "the tokenizer");
    return pieceText(token, style);
  };
  return {
    bosId,
    eosId,
    padId: idOf(config.pad_token),
    vocabSize,
    encode: (text) => withMarks(plain.encode(text).ids, config, bosId, eosId),
    decode: (ids) => (ids.length === 0 ? "" : plain.decode([...ids])),
    pieces: (ids) => ids.map(piece),
    tokenToId: (token) => plain.token_to_id(token),
    idToToken: (id) => plain.id_to_token(id),
  };
}

/** Applies `add_bos_token` and `add_eos_token`, which overrule what tokenizer.json adds by itself. */
function withMarks(
  ids: number[],
  { add_bos_token: addBos, add_eos_token: addEos }: Settings,
  bos: number | undefined,
  eos: number | undefined,
): number[] {
  const marked = [...ids];
  if (bos !== undefined && addBos === true && marked[0] !== bos) marked.unshift(bos);
  if (bos !== undefined && addBos === false && marked[0] === bos) marked.shift();
  if (eos !== undefined && addEos === true && marked.at(-1) !== eos) marked.push(eos);
  return marked;
}

function construct(json: unknown, config: Settings, file: string): PlainTokenizer {
  try {
    return new PlainTokenizer(json as object, config);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TokenizerError(file, `it cannot be used: ${reason}`, { cause });
  }
}
