/** Puts together the parameters that a checkpoint stores piece by piece, as it does experts. */
import { type MxArray, mx } from "@mlxterp/mlx";

/** Collects pieces, in any order and from any number of files. */
export class Stacks {
  readonly #open = new Map<string, MxArray[]>();

  /** @param parameters by path, in their full shapes */
  constructor(private readonly parameters: ReadonlyMap<string, MxArray>) {}

  /**
   * Takes an array in: the whole parameter, or one piece of it.
   *
   * @returns the parameter, stacked along its first axis, when that was its last piece; else nothing
   */
  add(path: string, piece: number | undefined, array: MxArray): [path: string, whole: MxArray][] {
    if (piece === undefined) return [[path, array]];
    const pieces = this.#open.get(path) ?? [];
    pieces[piece] = array;
    this.#open.set(path, pieces);
    const count = this.parameters.get(path)?.shape[0];
    if (Object.keys(pieces).length !== count) return []; // holes are no keys
    this.#open.delete(path);
    return [[path, mx.stack(pieces, 0)]];
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
