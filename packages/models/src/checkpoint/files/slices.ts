/** Divides tensors, and lists of them, so that little is in memory that is not final. */

/** Something that goes into parameters: pieces of one parameter stay together. */
interface Targeted {
  readonly target: { readonly parameters: readonly string[] };
}

/**
 * Parts of the first axis that together are the whole.
 *
 * @param limit bytes of a part, unless one row has more
 */
export function sliceRows(
  [rows = 1, ...inner]: readonly number[],
  limit: number,
): [from: number, to: number][] {
  const row = inner.reduce((product, length) => product * length, 4);
  const each = Math.max(1, Math.floor(limit / row));
  const count = Math.max(1, Math.floor(rows / each)); // a remainder goes to the last, which may not be tiny
  return Array.from({ length: count }, (_, part) => [
    part * each,
    part === count - 1 ? rows : (part + 1) * each,
  ]);
}

/**
 * The largest weights first, so that what making them takes for a while is taken while little is there yet;
 * pieces of one parameter side by side.
 *
 * @param bytesOf what a tensor becomes
 * @param limit bytes of a portion, unless the pieces of one parameter have more
 */
export function* portions<T extends Targeted>(
  plan: readonly T[],
  bytesOf: (tensor: T) => number,
  limit: number,
): Generator<T[]> {
  const groups = new Map<string, { tensors: T[]; bytes: number }>();
  for (const tensor of plan) {
    const key = tensor.target.parameters.join();
    const group = groups.get(key) ?? { tensors: [], bytes: 0 };
    group.tensors.push(tensor);
    group.bytes += bytesOf(tensor);
    groups.set(key, group);
  }
  let portion: T[] = [];
  let bytes = 0;
  for (const group of [...groups.values()].sort((a, b) => b.bytes - a.bytes)) {
    portion.push(...group.tensors);
    bytes += group.bytes;
    if (bytes < limit) continue;
    yield portion;
    portion = [];
    bytes = 0;
  }
  if (portion.length > 0) yield portion;
}
