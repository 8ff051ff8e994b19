/** Compares what files hold once more of a tied weight with that weight: it is left out, so it must say the same. */
import { listParameters, type Module, type MxArray, mx } from "@mlxterp/mlx";
import { UnsupportedConfigError } from "../../errors.js";
import type { CheckpointFiles } from "../files/checkpoint-files.js";
import type { TensorEntry } from "../files/safetensors-header.js";
import type { TensorSource } from "../files/tensor-source.js";
import { findTarget, type WeightTable, withoutPrefix } from "../table/weight-table.js";

const floating = ["F32", "F16", "BF16"];
/** Another matrix differs in nearly every row; so many are read, evenly spread, the first and the last among them. */
const comparedRows = 64;
/** Of the largest number, where one of both is stored in fewer bits: half precision keeps 8 or 11. */
const tolerance = 2 ** -7;

interface Checked {
  readonly module: Module;
  readonly table: WeightTable;
  readonly files: Pick<CheckpointFiles, "tensors">;
  readonly source: TensorSource;
  /** The config.json, for messages. */
  readonly config: string;
}

/**
 * `transformers` 5 does not tie weights that files hold both of with different numbers, where version 4 did: neither
 * reading is known to be meant.
 *
 * @throws UnsupportedConfigError (`UNSUPPORTED_CONFIG`) naming both tensors
 */
export function requireTrueCopies({ module, table, files, source, config }: Checked): void {
  const parameters = listParameters(module);
  for (const entry of files.tensors) {
    const path = originalOf(entry, table, parameters);
    const original = path && files.tensors.find((other) => isAt(other, path, table));
    if (!original || isSame(source, entry, original)) continue;
    const rule = `It says that ${entry.name} is ${original.name} once more, and the files hold other numbers in it. Say { "tie_word_embeddings": false } if it is a weight of its own, or take it out of the files.`;
    throw new UnsupportedConfigError("tie_word_embeddings", true, config, rule);
  }
  source.drop();
}

/** The parameter that a tensor is a copy of. */
function originalOf(
  { name }: TensorEntry,
  table: WeightTable,
  parameters: ReadonlyMap<string, MxArray>,
): string | undefined {
  const { copies = {} } = table;
  const plain = withoutPrefix(table, name);
  if (Object.hasOwn(copies, plain)) return copies[plain];
  const target = findTarget(table, name);
  if (!target || target === "ignored" || parameters.has("lmHead.weight")) return undefined;
  return target.parameters[0] === "lmHead.weight" ? "embedTokens.weight" : undefined;
}

function isAt({ name }: TensorEntry, path: string, table: WeightTable): boolean {
  const target = findTarget(table, name);
  return target !== undefined && target !== "ignored" && target.parameters[0] === path;
}

function isSame(source: TensorSource, copy: TensorEntry, original: TensorEntry): boolean {
  if (copy.shape.join() !== original.shape.join()) return false;
  if (![copy, original].every(({ dtype }) => floating.includes(dtype))) return true; // packed, each by itself
  const [rows = 0] = copy.shape;
  const exact = copy.dtype === original.dtype;
  return rowsOf(rows).every((row) => {
    const [one, other] = [copy, original].map((entry) => source.rows(entry, row, row + 1));
    return exact ? areEqual(one, other) : areClose(one, other);
  });
}

function rowsOf(count: number): number[] {
  const compared = Math.min(count, comparedRows);
  const step = (count - 1) / Math.max(compared - 1, 1);
  return Array.from({ length: compared }, (_, index) => Math.round(index * step));
}

const areEqual = (one: MxArray, other: MxArray) => Boolean(mx.arrayEqual(one, other, true).item());

function areClose(one: MxArray, other: MxArray): boolean {
  const largest = Number(mx.max(mx.abs(other)).item());
  return Number(mx.max(mx.abs(mx.subtract(one, other))).item()) <= tolerance * largest;
}
