/** A tokenizer.json as functions: the ids of texts and the texts of ids. Follows the Rust tokenizers in every step. */
import { type AddedToken, createStretcher, readAddedTokens } from "./added-tokens.js";
import { cleanUp, createDecoder } from "./decoders.js";
import { createModel } from "./model.js";
import type { Model } from "./model-kind.js";
import { createNormalizer, type Normalize } from "./normalizers.js";
import { createPreTokenizer, type Divide } from "./pre-tokenizers.js";
import { readStep, type Step, shown, TokenizerFileError } from "./step.js";

/** A stretch of the text as it was given: an added token found in it as it stands, or the tokens of what is between. */
export interface EncodedStretch {
  readonly start: number;
  readonly end: number;
  readonly ids: readonly number[];
  readonly added: boolean;
}

export interface DecodeRules {
  readonly skipSpecialTokens: boolean;
  readonly cleanUpSpaces: boolean;
}

export interface Engine {
  readonly normalize: Normalize;
  readonly divide: Divide;
  readonly unknown: number | undefined;
  /** By id. */
  readonly added: ReadonlyMap<number, AddedToken>;
  /** One more than the largest id. */
  readonly size: number;
  encode(text: string): EncodedStretch[];
  decode(ids: readonly number[], rules: DecodeRules): string;
  /** As the file writes it. */
  idOf(token: string): number | undefined;
  /** As it is decoded: an added token that is looked for after normalisation is given normalized. */
  tokenOf(id: number): string | undefined;
}

/** @throws TokenizerFileError, PatternBudgetError */
export function createEngine(json: Readonly<Record<string, unknown>>): Engine {
  const normalize = createNormalizer(json.normalizer);
  const divide = createPreTokenizer(json.pre_tokenizer);
  const model = createModel(json.model);
  const tokens = readAddedTokens(json.added_tokens, normalize);
  for (const token of tokens) requireOneId(token, model);
  const added = new Map(tokens.map((token) => [token.id, token]));
  const addedIds = new Map(tokens.map((token) => [token.content, token.id]));
  const specials = new Set(tokens.filter(({ special }) => special).map(({ content }) => content));
  const decodeTokens = createDecoder(json.decoder);
  const tokenOf = (id: number) => added.get(id)?.written ?? model.tokens.get(id);
  let size = 0;
  for (const id of [...model.tokens.keys(), ...added.keys()]) size = Math.max(size, id + 1);
  const decode = (ids: readonly number[], rules: DecodeRules) => {
    const tokens = ids.flatMap((id) => tokenOf(id) ?? []);
    const kept = rules.skipSpecialTokens ? tokens.filter((token) => !specials.has(token)) : tokens;
    const text = decodeTokens(kept).join("");
    return rules.cleanUpSpaces ? cleanUp(text) : text;
  };
  return {
    ...{ normalize, divide, added, size, tokenOf, decode, unknown: model.unknown },
    encode: createEncoder(tokens, normalize, divide, model.encode),
    idOf: (token) => addedIds.get(token) ?? model.ids.get(token),
  };
}

/** Where the model has a token too, `tokenizers` takes the model's id in silence. */
function requireOneId({ id, content }: AddedToken, { ids, tokens }: Model): void {
  const own = ids.get(content);
  const other = tokens.get(id);
  if ((own ?? id) === id && (other ?? content) === content) return;
  const where = own === undefined ? `which is that of ${shown(other)}` : `and in the model ${own}`;
  throw new TokenizerFileError(`its added token ${shown(content)} has the id ${id}, ${where}`);
}

/** First the tokens that are found in the text as it stands, then those in what it becomes, then words and their tokens. */
function createEncoder(
  tokens: readonly AddedToken[],
  normalize: Normalize,
  divide: Divide,
  encodeWord: (word: string) => readonly number[],
): Engine["encode"] {
  const stretch = createStretcher(tokens.filter(({ normalized }) => !normalized));
  const stretchNormalized = createStretcher(tokens.filter(({ normalized }) => normalized));
  const encodeBetween = (text: string, isFirst: boolean) => {
    const changed = normalize(text);
    const ids: number[] = [];
    for (const { start, end, token } of stretchNormalized(changed)) {
      if (token) ids.push(token.id);
      else {
        for (const word of divide(changed.slice(start, end), isFirst && start === 0)) {
          for (const id of encodeWord(word)) ids.push(id);
        }
      }
    }
    return ids;
  };
  return (text) =>
    stretch(text).map(({ start, end, token }) => ({
      ...{ start, end, added: token !== undefined },
      ids: token ? [token.id] : encodeBetween(text.slice(start, end), start === 0),
    }));
}

interface Marks {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** More than any tokenizer adds; lists in lists of a file could add millions to every text. */
const mostMarks = 1000;

/** The ids that a post-processor puts around a text. */
export function marksOf(value: unknown, depth = 0): Marks {
  const marks = readMarks(value, depth);
  if (marks.before.length + marks.after.length <= mostMarks) return marks;
  throw tooManyMarks();
}

function readMarks(value: unknown, depth: number): Marks {
  const step: Step =
    value === null || value === undefined ? {} : readStep(value, "post-processor", depth);
  const idOf = (pair: unknown) =>
    Array.isArray(pair) && Number.isInteger(pair[1]) ? [Number(pair[1])] : [];
  switch (step.type) {
    case "TemplateProcessing":
      return templateMarks(step);
    case "BertProcessing":
    case "RobertaProcessing":
      return { before: idOf(step.cls), after: idOf(step.sep) };
    case "Sequence": {
      const inner = listOf(step.processors).map((one) => marksOf(one, depth + 1));
      return {
        before: inner.flatMap(({ before }) => before).reverse(),
        after: inner.flatMap(({ after }) => after),
      };
    }
    case undefined:
      if (Object.keys(step).length === 0) return { before: [], after: [] };
      throw new TokenizerFileError("its post-processor does not say its type");
    default:
      return { before: [], after: [] };
  }
}

/** What is no list has nothing in it; a long one would add too much. */
function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) return [];
  if (value.length > mostMarks) throw tooManyMarks();
  return value;
}

const tooManyMarks = () =>
  new TokenizerFileError(`its post-processor adds more than ${mostMarks} tokens`);

function templateMarks(step: Step): Marks {
  const items = listOf(step.single) as readonly Step[];
  const named = (step.special_tokens ?? {}) as Readonly<Record<string, { ids?: unknown }>>;
  const at = items.findIndex((item) => Boolean((item as Step | null)?.Sequence));
  if (at < 0) throw new TokenizerFileError("its post-processor leaves the text out");
  const ids = (part: readonly Step[]) =>
    part.flatMap((item) => {
      const name = (item?.SpecialToken as { readonly id?: unknown } | undefined)?.id;
      if (name === undefined) return [];
      if (typeof name === "string" && Object.hasOwn(named, name)) return idsOf(named[name]?.ids);
      throw new TokenizerFileError("its post-processor adds a token that it does not list");
    });
  return { before: ids(items.slice(0, at)), after: ids(items.slice(at + 1)) };
}

function idsOf(value: unknown): readonly number[] {
  return listOf(value).filter((id): id is number => Number.isInteger(id));
}
