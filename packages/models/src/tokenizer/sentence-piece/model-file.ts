/** A tokenizer.model of SentencePiece: its pieces, and how it treats texts. Source: sentencepiece_model.proto. */
import { readFileSync } from "node:fs";
import { fileSize, withFile } from "@mlxterp/mlx";
import { TokenizerError } from "../../errors.js";
import { type FieldValue, readFields } from "./protobuf.js";

export type PieceKind = "normal" | "unknown" | "control" | "user" | "unused" | "byte";

export interface Piece {
  readonly text: string;
  readonly score: number;
  readonly kind: PieceKind;
}

export interface SentencePieceModel {
  readonly algorithm: "unigram" | "bpe";
  readonly pieces: readonly Piece[];
  readonly byteFallback: boolean;
  readonly ids: {
    readonly unknown: number;
    readonly bos: number;
    readonly eos: number;
    readonly pad: number;
  };
  /** Rules of normalization, compiled; empty where there are none. */
  readonly charsMap: Buffer;
  readonly addPrefix: boolean;
  readonly removeExtraSpaces: boolean;
}

const kinds: readonly (PieceKind | undefined)[] = [
  ...[undefined, "normal", "unknown", "control", "user", "unused", "byte"],
] as (PieceKind | undefined)[];
const mostBytes = 256 * 2 ** 20;

/** @throws TokenizerError (`TOKENIZER`) for another kind of file, or a way of dividing texts that is not implemented */
export function readSentencePiece(file: string): SentencePieceModel {
  if (fileSize(file) > mostBytes)
    throw new TokenizerError(file, "it is larger than any tokenizer.");
  const bytes = withFile(file, () => readFileSync(file));
  if (/^[A-Za-z0-9+/]+=* \d+\n/.test(bytes.toString("latin1", 0, 200))) {
    const reason =
      "it lists tokens as tiktoken does, without the pattern that divides texts. Use the tokenizer.json of the same model.";
    throw new TokenizerError(file, reason);
  }
  const pieces: Piece[] = [];
  let trainer: ReadonlyMap<number, FieldValue> = new Map();
  let normalizer: ReadonlyMap<number, FieldValue> = new Map();
  for (const [number, value] of readFields(bytes, file)) {
    if (typeof value === "number") continue;
    if (number === 1) pieces.push(readPiece(value, file));
    if (number === 2) trainer = new Map(readFields(value, file));
    if (number === 3) normalizer = new Map(readFields(value, file));
  }
  if (pieces.length === 0)
    throw new TokenizerError(file, "it has no pieces, so it is no model of SentencePiece.");
  // They stand behind the pieces, so that a file which is cut off lacks them.
  if (trainer.size === 0 || normalizer.size === 0) {
    throw new TokenizerError(file, "it ends early: it does not say how it was trained.");
  }
  if (new Set(pieces.map(({ text }) => text)).size < pieces.length) {
    throw new TokenizerError(file, "a piece is in it twice.");
  }
  return {
    ...{ pieces, ...readTrainer(trainer, pieces, file) },
    charsMap: bytesOf(normalizer.get(2)),
    addPrefix: normalizer.get(3) !== 0,
    removeExtraSpaces: normalizer.get(4) !== 0,
  };
}

function readPiece(bytes: Buffer, file: string): Piece {
  const fields = new Map(readFields(bytes, file));
  const score = bytesOf(fields.get(2));
  const kind = kinds[numberOf(fields.get(3), 1)];
  if (!kind)
    throw new TokenizerError(
      file,
      `a piece of it is of the kind ${String(fields.get(3))}, which there is not.`,
    );
  return {
    text: bytesOf(fields.get(1)).toString("utf8"),
    score: score.length === 4 ? score.readFloatLE() : 0,
    kind,
  };
}

function readTrainer(
  fields: ReadonlyMap<number, FieldValue>,
  pieces: readonly Piece[],
  file: string,
): Pick<SentencePieceModel, "algorithm" | "byteFallback" | "ids"> {
  const algorithm = numberOf(fields.get(3), 1);
  if (algorithm !== 1 && algorithm !== 2) {
    const name = algorithm === 3 ? "words" : algorithm === 4 ? "characters" : String(algorithm);
    throw new TokenizerError(file, `it divides texts into ${name}; read are unigram and BPE.`);
  }
  if (numberOf(fields.get(24), 0) !== 0) {
    throw new TokenizerError(
      file,
      "it marks ends of words (treat_whitespace_as_suffix), which is not implemented.",
    );
  }
  const unused = pieces.find(({ kind }) => kind === "unused");
  if (unused) {
    throw new TokenizerError(
      file,
      `its piece "${unused.text}" is not to be used, which is not implemented.`,
    );
  }
  return {
    algorithm: algorithm === 1 ? "unigram" : "bpe",
    byteFallback: numberOf(fields.get(35), 0) === 1,
    ids: {
      unknown: pieces.findIndex(({ kind }) => kind === "unknown"),
      ...{ bos: numberOf(fields.get(41), 1), eos: numberOf(fields.get(42), 2) },
      pad: numberOf(fields.get(43), -1),
    },
  };
}

function numberOf(value: FieldValue | undefined, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}

function bytesOf(value: FieldValue | undefined): Buffer {
  return typeof value === "object" ? value : Buffer.alloc(0);
}
