/** Token batches as plain data, and back. */
import { fromFlat, toFlat } from "@mlxterp/mlx";
import type { TokenBatch } from "../tokens/tokens.js";
import type { SavedTokens } from "./manifest.js";

export function savedTokens({ array, lengths, padding }: TokenBatch): SavedTokens {
  const flat = [...toFlat(array)];
  const width = array.shape[1];
  const rows = lengths.map((_, row) => flat.slice(row * width, (row + 1) * width));
  return { rows, lengths, padding };
}

export function restoredTokens({ rows, lengths, padding }: SavedTokens): TokenBatch {
  const width = rows[0]?.length ?? 0;
  const array = fromFlat(Int32Array.from(rows.flat()), [rows.length, width]);
  const ids = rows.map((row, index) =>
    padding === "right" ? row.slice(0, lengths[index]) : row.slice(width - lengths[index]),
  );
  return { ids, lengths, padding, array };
}
