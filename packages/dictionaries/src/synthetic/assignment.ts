/** Pairs of rows and columns whose values together are largest: the Hungarian method, by shortest augmenting paths. */

/**
 * Source: Jonker & Volgenant 1987, "A shortest augmenting path algorithm for dense and sparse linear assignment problems".
 *
 * @param values (rows, columns), row by row, with no more rows than columns
 * @returns the column of each row
 */
export function largestAssignment(values: Float64Array, rows: number, columns: number): number[] {
  const cost = (row: number, column: number) => -values[(row - 1) * columns + column - 1];
  const [u, v] = [new Float64Array(rows + 1), new Float64Array(columns + 1)];
  const rowOf = new Int32Array(columns + 1); // 0: free
  for (let row = 1; row <= rows; row++) {
    rowOf[0] = row;
    const least = new Float64Array(columns + 1).fill(Number.POSITIVE_INFINITY);
    const from = new Int32Array(columns + 1);
    const used = new Uint8Array(columns + 1);
    let column = 0;
    while (rowOf[column] !== 0 || column === 0) {
      used[column] = 1;
      const at = rowOf[column];
      let [delta, next] = [Number.POSITIVE_INFINITY, 0];
      for (let other = 1; other <= columns; other++) {
        if (used[other]) continue;
        const reduced = cost(at, other) - u[at] - v[other];
        if (reduced < least[other]) [least[other], from[other]] = [reduced, column];
        if (least[other] < delta) [delta, next] = [least[other], other];
      }
      for (let other = 0; other <= columns; other++) {
        if (used[other]) {
          u[rowOf[other]] += delta;
          v[other] -= delta;
        } else least[other] -= delta;
      }
      column = next;
    }
    while (column !== 0) {
      rowOf[column] = rowOf[from[column]];
      column = from[column];
    }
  }
  const found = new Array<number>(rows).fill(-1);
  for (let column = 1; column <= columns; column++) {
    if (rowOf[column] > 0) found[rowOf[column] - 1] = column - 1;
  }
  return found;
}
