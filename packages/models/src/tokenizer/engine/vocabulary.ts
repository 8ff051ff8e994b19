/** The tokens of a model and their ids. */
import { type Step, shown, TokenizerFileError } from "./step.js";

/** Larger ids are no mistake of counting: the largest published vocabularies have some 2 ** 19 tokens. */
const largestId = 2 ** 24;

export interface Vocabulary {
  readonly ids: ReadonlyMap<string, number>;
  readonly tokens: ReadonlyMap<number, string>;
}

/** @throws TokenizerFileError for ids that are no ids, or that two tokens have */
export function readVocabulary(model: Step): Vocabulary {
  const { vocab } = model;
  if (typeof vocab !== "object" || vocab === null || Array.isArray(vocab)) {
    throw new TokenizerFileError(
      `its vocab is ${shown(vocab)}; it has to give an id for each token`,
    );
  }
  const ids = new Map<string, number>();
  const tokens = new Map<number, string>();
  for (const token of Object.keys(vocab)) {
    const id = checkId((vocab as Readonly<Record<string, unknown>>)[token], token);
    const other = tokens.get(id);
    if (other !== undefined) {
      throw new TokenizerFileError(`${shown(other)} and ${shown(token)} both have the id ${id}`);
    }
    ids.set(token, id);
    tokens.set(id, token);
  }
  return { ids, tokens };
}

/** @throws TokenizerFileError */
export function checkId(value: unknown, token: string): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value < largestId) {
    return value;
  }
  throw new TokenizerFileError(
    `the id of ${shown(token)} is ${shown(value)}; ids are whole numbers from 0 to ${largestId - 1}`,
  );
}

/** A token that a field of the model names. */
export function readUnknown(model: Step, { ids }: Vocabulary): number | undefined {
  const { unk_token: token } = model;
  if (token === null || token === undefined || token === "") return undefined;
  if (typeof token !== "string") {
    throw new TokenizerFileError(`its unk_token is ${shown(token)}; it has to be a text`);
  }
  return ids.get(token);
}

/** Ids of the bytes `<0x00>` to `<0xFF>`; undefined for a byte that the vocabulary has not. */
export function byteIds({ ids }: Pick<Vocabulary, "ids">): readonly (number | undefined)[] {
  return Array.from({ length: 256 }, (_, byte) =>
    ids.get(`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`),
  );
}

const encoder = new TextEncoder();

/** @returns undefined where the vocabulary lacks one of the bytes */
export function idsOfBytes(
  text: string,
  bytes: readonly (number | undefined)[],
): number[] | undefined {
  const found: number[] = [];
  for (const byte of encoder.encode(text)) {
    const id = bytes[byte];
    if (id === undefined) return undefined;
    found.push(id);
  }
  return found;
}
