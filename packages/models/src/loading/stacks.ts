/** Puts together the parameters that a checkpoint stores piece by piece, as it does experts. */
import { type MxArray, mx } from "@mlxterp/mlx";

/** Collects pieces, in any order and from any number of files. */
export class Stacks {
  readonly #open = new Map<string, MxArray[]>();

  /**
   * Takes one piece in.
   *
   * @param count how many pieces make the whole
   * @returns the whole, stacked along a new first axis, once its last piece is there
   */
  add(path: string, piece: number, array: MxArray, count: number): MxArray | undefined {
    const pieces = this.#open.get(path) ?? [];
    pieces[piece] = array;
    this.#open.set(path, pieces);
    if (Object.keys(pieces).length < count) return undefined; // holes are no keys
    this.#open.delete(path);
    return mx.stack(pieces, 0);
  }
}

/** The name under which a piece of a parameter, or the whole, is filled. */
export function pieceName(path: string, piece: number | undefined): string {
  return piece === undefined ? path : `${path}[${piece}]`;
}

/** What of a parameter is still to be filled: nothing, all of it, or some pieces. */
export function missingOf(
  path: string,
  { shape }: MxArray,
  filled: ReadonlySet<string>,
): readonly string[] {
  if (filled.has(path)) return [];
  const names = Array.from({ length: shape[0] ?? 0 }, (_, piece) => pieceName(path, piece));
  const missing = names.filter((name) => !filled.has(name));
  return missing.length === names.length ? [path] : missing;
}
