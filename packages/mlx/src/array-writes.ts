/** How often an array was written to in place, so that what is known of its numbers can be told to be old. */
const writes = new WeakMap<object, number>();

export function noteWrite(array: object): void {
  writes.set(array, writesTo(array) + 1);
}

/**
 * The number of times that `indexPut_` changed this array since it was made.
 *
 * @example
 * writesTo(mx.zeros([2])); // 0
 */
export function writesTo(array: object): number {
  return writes.get(array) ?? 0;
}
