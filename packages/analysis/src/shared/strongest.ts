/** The largest of a list, whatever their sign. */
export function strongestOf<T extends { readonly value: number }>(
  list: readonly T[],
  most: number,
): T[] {
  return [...list].sort((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, most);
}
