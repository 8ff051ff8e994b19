/** Puts together the parameters that a checkpoint stores piece by piece, as it does experts. */
import { type MxArray, mx } from "@mlxterp/mlx";

/** Collects pieces, in any order and from any number of files. */
export class Stacks {
  readonly #open = new Map<string, MxArray[]>();

  /**
   * Takes one piece in.
   *
   * @param key of what it is a piece of
   * @returns the whole, stacked along a new first axis, when that was its last piece
   */
  add(
    key: string,
    { piece, count }: { readonly piece: number; readonly count: number },
    array: MxArray,
  ): MxArray | undefined {
    const pieces = this.#open.get(key) ?? [];
    pieces[piece] = array;
    this.#open.set(key, pieces);
    if (Object.keys(pieces).length !== count) return undefined; // holes are no keys
    this.#open.delete(key);
    return mx.stack(pieces, 0);
  }
}

/** The name under which a piece of a parameter, or the whole, is filled. */
export function pieceName(path: string, piece: number | undefined): string {
  return piece === undefined ? path : `${path}[${piece}]`;
}

/**
 * What of a parameter is still to be filled: nothing, all of it, or some pieces.
 *
 * @param hasPieces whether any piece of it was found; without one, no list of all of them is made
 */
export function missingOf(
  path: string,
  { shape }: MxArray,
  filled: ReadonlySet<string>,
  hasPieces: boolean,
): readonly string[] {
  if (filled.has(path)) return [];
  if (!hasPieces) return [path];
  const names = Array.from({ length: shape[0] ?? 0 }, (_, piece) => pieceName(path, piece));
  const missing = names.filter((name) => !filled.has(name));
  return missing.length === names.length ? [path] : missing;
}
