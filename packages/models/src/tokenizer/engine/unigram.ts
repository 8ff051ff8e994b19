/**
 * The unigram model: of all ways to divide a word into tokens the most likely one.
 * Source: Kudo 2018, "Subword Regularization", section 3.2.
 */
import { type Model, noUnknown } from "./model-kind.js";
import { readFlag, type Step, shown, TokenizerFileError } from "./step.js";
import { byteIds, idsOfBytes } from "./vocabulary.js";

/** How much less likely an unknown character is than the least likely token. */
const unknownPenalty = 10;

/** Ways of a text with long tokens that all begin alike; no published vocabulary comes near. */
const mostSteps = 2 ** 28;

interface Node {
  readonly next: Map<string, Node>;
  id?: number;
}

interface Lattice {
  readonly root: Node;
  readonly scores: readonly number[];
  readonly unknown: number | undefined;
  readonly unknownScore: number;
}

/** @throws TokenizerFileError */
export function createUnigram(model: Step): Model {
  const pieces = readPieces(model);
  const ids = new Map(pieces.map(([token], id) => [token, id]));
  const tokens = new Map(pieces.map(([token], id) => [id, token]));
  const unknown = readUnknownId(model, pieces.length);
  const scores = pieces.map(([, score]) => score);
  const root: Node = { next: new Map() };
  for (const [token, id] of ids) plant(root, token, id);
  const least = scores.reduce((a, b) => Math.min(a, b), 0);
  const lattice = { root, scores, unknown, unknownScore: least - unknownPenalty };
  const bytes = readFlag(model, "byte_fallback", false) ? byteIds({ ids }) : undefined;
  const encode = (word: string) =>
    fuse(mostLikely([...word], lattice), unknown).flatMap(({ id, text }) => {
      const known = ids.get(text) ?? (id === unknown ? undefined : id);
      if (known !== undefined) return [known];
      const spelled = bytes && idsOfBytes(text, bytes);
      if (spelled) return spelled;
      if (unknown === undefined) throw noUnknown();
      return [unknown];
    });
  return { ids, tokens, unknown, encode };
}

function readPieces(model: Step): readonly (readonly [string, number])[] {
  if (!Array.isArray(model.vocab) || model.vocab.length === 0) {
    throw new TokenizerFileError(`its vocab is ${shown(model.vocab)}; it has to list tokens`);
  }
  return model.vocab.map((piece: unknown) => {
    const [token, score] = Array.isArray(piece) ? (piece as unknown[]) : [];
    if (typeof token === "string" && typeof score === "number") return [token, score] as const;
    throw new TokenizerFileError(`a token is ${shown(piece)}; it has to be a text and its score`);
  });
}

function readUnknownId({ unk_id: id }: Step, count: number): number | undefined {
  if (id === null || id === undefined) return undefined;
  if (typeof id === "number" && Number.isInteger(id) && id >= 0 && id < count) return id;
  throw new TokenizerFileError(`its unk_id is ${shown(id)}; it has ${count} tokens`);
}

function plant(root: Node, token: string, id: number): void {
  let node = root;
  for (const character of token) {
    const next: Node = node.next.get(character) ?? { next: new Map() };
    node.next.set(character, next);
    node = next;
  }
  if (node !== root) node.id = id;
}

interface Piece {
  readonly id: number | undefined;
  readonly text: string;
}

/** Viterbi's algorithm over the places between characters; of equally likely ways the one whose last token is longest. */
function mostLikely(characters: readonly string[], lattice: Lattice): Piece[] {
  const { length } = characters;
  const best = new Float64Array(length + 1).fill(Number.NEGATIVE_INFINITY);
  const from = new Int32Array(length + 1).fill(-1);
  const by: (number | undefined)[] = [];
  best[0] = 0;
  let steps = 0;
  const offer = (start: number, end: number, score: number, id: number | undefined) => {
    if (from[end] >= 0 && best[start] + score <= best[end]) return;
    best[end] = best[start] + score;
    from[end] = start;
    by[end] = id;
  };
  for (let start = 0; start < length; start++) {
    let node: Node | undefined = lattice.root;
    let hasSingle = false;
    for (let end = start; end < length; end++) {
      node = node.next.get(characters[end]);
      if (++steps > mostSteps) throw new TokenizerFileError("its tokens are too long to search");
      if (!node) break;
      if (node.id === undefined) continue;
      offer(start, end + 1, lattice.scores[node.id], node.id);
      if (end === start) hasSingle = true;
    }
    if (!hasSingle) offer(start, start + 1, lattice.unknownScore, lattice.unknown);
  }
  return walkBack(characters, from, by);
}

function walkBack(
  characters: readonly string[],
  from: Int32Array,
  by: readonly (number | undefined)[],
): Piece[] {
  const found: Piece[] = [];
  for (let end = characters.length; end > 0; end = from[end]) {
    found.push({ id: by[end], text: characters.slice(from[end], end).join("") });
  }
  return found.reverse();
}

/** Unknown characters beside each other are one token. */
function fuse(pieces: readonly Piece[], unknown: number | undefined): Piece[] {
  const fused: Piece[] = [];
  for (const piece of pieces) {
    const last = fused[fused.length - 1];
    if (last && piece.id === unknown && last.id === unknown) {
      fused[fused.length - 1] = { id: unknown, text: last.text + piece.text };
    } else fused.push(piece);
  }
  return fused;
}
