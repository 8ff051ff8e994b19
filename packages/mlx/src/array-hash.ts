/** Hashes of arrays by their bytes: whole where they are small, evenly spread samples where they are large. */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { checkIterable, checkList } from "@mlxterp/results/errors";
import { writesTo } from "./array-writes.js";
import { mx } from "./binding.js";
import { checkArray, dtypeName } from "./guard.js";
import { saveTensors } from "./save-tensors.js";
import { withScratchFile } from "./scratch.js";
import type { MxArray } from "./types/array.js";

/** Elements up to which an array is hashed as a whole, and of which a larger one gives so many. */
const most = 2 ** 16;
/** Bytes that travel at once. */
const room = 2 ** 26;

/** What `hashArrays` looks at, in words. */
export const arraySampling = `shape, dtype and bytes of each array: all of them up to ${most} elements, ${most} evenly spread ones beyond`;

interface Known {
  readonly hash: string;
  readonly writes: number;
}

const known = new WeakMap<MxArray, Known>();

/**
 * SHA-256 of each array, in hexadecimal. What was hashed is remembered with the array, until something is written into it.
 * Evaluates the arrays that are new.
 *
 * @example
 * const [[, first], [, second]] = hashArrays([["a", mx.ones([2])], ["b", mx.ones([2])]]);
 * first === second; // true
 */
export function hashArrays(arrays: Iterable<readonly [string, MxArray]>): Map<string, string> {
  checkIterable("arrays", arrays);
  const list = [...arrays];
  for (const [index, one] of list.entries()) {
    checkList(`arrays[${index}]`, one);
    checkArray(`arrays[${index}][1]`, one[1]);
  }
  const unknown = [...new Set(list.map(([, array]) => array))].filter((array) => {
    const found = known.get(array);
    return !found || found.writes !== writesTo(array);
  });
  for (const group of groupsOf(unknown)) hashGroup(group);
  return new Map(list.map(([name, array]) => [name, known.get(array)?.hash ?? ""]));
}

function groupsOf(arrays: readonly MxArray[]): MxArray[][] {
  const groups: MxArray[][] = [];
  let left = 0;
  for (const array of arrays) {
    const bytes = Math.min(array.size, most) * array.itemsize;
    left -= bytes;
    if (left < 0 || groups.length === 0) {
      groups.push([]);
      left = room - bytes;
    }
    groups[groups.length - 1].push(array);
  }
  return groups;
}

function hashGroup(arrays: readonly MxArray[]): void {
  const filled = arrays.filter(({ size }) => size > 0);
  const samples = Object.fromEntries(filled.map((array, at) => [`${at}`, sampleOf(array)]));
  const bytes = filled.length === 0 ? new Map<string, Buffer>() : bytesOf(samples);
  for (const array of arrays) {
    const sample = bytes.get(`${filled.indexOf(array)}`);
    const hash = createHash("sha256").update(`${dtypeName(array.dtype)} [${array.shape}] `);
    if (sample) hash.update(sample);
    known.set(array, { hash: hash.digest("hex"), writes: writesTo(array) });
  }
}

/** Rows stay apart: the places are spread over the array as it lies, one in each of as many equal parts. */
function sampleOf(array: MxArray): MxArray {
  if (array.size <= most) return array;
  const part = array.size / most;
  const places = Array.from({ length: most }, (_, at) => {
    const [from, to] = [Math.floor(at * part), Math.floor((at + 1) * part)];
    return from + ((Math.imul(at, 2654435761) >>> 0) % (to - from)); // not always the same column
  });
  const { shape } = array;
  const columns = shape[shape.length - 1];
  // (row, column): a flat array may have more places than an index can name
  const rows = array.reshape([-1, columns]);
  const of = (place: (at: number) => number) => mx.array(places.map(place), mx.int32);
  return rows.index(
    of((at) => Math.floor(at / columns)),
    of((at) => at % columns),
  );
}

/** What each array holds, as it lies in a file. */
function bytesOf(arrays: Readonly<Record<string, MxArray>>): Map<string, Buffer> {
  const total = Object.values(arrays).reduce((sum, { size, itemsize }) => sum + size * itemsize, 0);
  const file = withScratchFile(total, (path) => {
    saveTensors(path, arrays);
    return readFileSync(path);
  });
  const length = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString("utf8", 8, 8 + length)) as Record<string, Entry>;
  const start = 8 + length;
  return new Map(
    Object.keys(arrays).map((name) => {
      const [from, to] = header[name].data_offsets;
      return [name, file.subarray(start + from, start + to)];
    }),
  );
}

interface Entry {
  readonly data_offsets: readonly [from: number, to: number];
}
