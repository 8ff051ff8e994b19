/** How far what destinations read is moved towards what their sources wrote in the other run, from 0, as it is, to 1. */
import { fromFlat, type MxArray } from "@mlxterp/mlx";
import type { ComponentGraph, EdgeSet, ReadSite } from "./graph.js";

/** Of one site that is read. */
export interface ReadMask {
  /** (rows, count, sources), or (1, count, sources) where all rows are moved alike; 0 for sources that it does not read. */
  readonly values: MxArray;
  /** Whether anything is moved towards one of the sources from one number to another. */
  moves(from: number, to: number): boolean;
  /** Whether anything of one of these is left as it is; absent for numbers that are only known as arrays. */
  keeps?(from: number, to: number): boolean;
}

/** @param rows of each the edges that carry what the other run wrote; undefined where none leads to this site */
export function readMask(
  { sources, destinations }: ComponentGraph,
  { first, count, reach }: ReadSite,
  rows: readonly EdgeSet[],
): ReadMask | undefined {
  const width = destinations.length;
  const [used, left] = [new Uint8Array(sources.length), new Uint8Array(sources.length)];
  let alike = true;
  for (const [row, corrupted] of rows.entries()) {
    for (let source = 0; source < reach; source++) {
      for (let at = source * width + first, end = at + count; at < end; at++) {
        (corrupted[at] === 1 ? used : left)[source] = 1;
        if (row > 0 && corrupted[at] !== rows[0][at]) alike = false;
      }
    }
  }
  if (!used.includes(1)) return undefined;
  const different = alike ? rows.slice(0, 1) : rows;
  const values = new Float32Array(different.length * count * sources.length);
  different.forEach((corrupted, row) => {
    for (let column = 0; column < count; column++) {
      const start = (row * count + column) * sources.length;
      for (let source = 0; source < reach; source++) {
        if (corrupted[source * width + first + column] === 1) values[start + source] = 1;
      }
    }
  });
  return {
    values: fromFlat(values, [different.length, count, sources.length]),
    moves: (from, to) => used.subarray(from, to).includes(1),
    keeps: (from, to) => left.subarray(from, to).includes(1),
  };
}
