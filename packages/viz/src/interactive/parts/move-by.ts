/** Where arrow keys lead. */

/**
 * @returns the next place, within the size; undefined for a key that does not move
 */
export function moveBy(
  key: string,
  { row, column }: { readonly row: number; readonly column: number },
  { rows, columns }: { readonly rows: number; readonly columns: number },
): { row: number; column: number } | undefined {
  const page = 10;
  const steps: Readonly<Record<string, readonly [down: number, across: number]>> = {
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
    PageUp: [-page, 0],
    PageDown: [page, 0],
    Home: [0, -columns],
    End: [0, columns],
  };
  const step = Object.hasOwn(steps, key) ? steps[key] : undefined;
  if (!step) return undefined;
  const within = (value: number, size: number) => Math.max(0, Math.min(size - 1, value));
  return { row: within(row + step[0], rows), column: within(column + step[1], columns) };
}
