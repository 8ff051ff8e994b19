/** A hash of a file with weights that reads little of it: its header, and some bytes of every tensor. */
import { createHash, type Hash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { checkPath } from "@mlxterp/results/errors";
import { withFile } from "./file-failure.js";

const block = 1024;
/** Blocks of one tensor, or of one file of another format for each of its parts. */
const blocks = 16;
const headBytes = 2 ** 20;
const parts = 256;

/** What `hashSampled` looks at, in words. */
export const fileSampling = `header of each file, and of each tensor ${blocks} evenly spread blocks of ${block} bytes`;

/**
 * SHA-256, in hexadecimal, of the size of a file, its header, and evenly spread blocks of every tensor; of a file that is not
 * safetensors, of its first bytes and evenly spread blocks.
 *
 * @throws FileAccessError (`FILE_ACCESS`)
 * @example
 * await writeTensors("a.safetensors", { x: mx.ones([2]) });
 * hashSampled("a.safetensors").length; // 64
 */
export function hashSampled(path: string): string {
  checkPath("path", path);
  return withFile(path, () => {
    const descriptor = openSync(path, "r");
    try {
      const { size } = fstatSync(descriptor);
      const hash = createHash("sha256").update(`${size} `);
      const spans = tensorSpans(descriptor, size, hash) ?? evenSpans(descriptor, size, hash);
      for (const [from, to] of spans) sample(descriptor, from, to, hash);
      return hash.digest("hex");
    } finally {
      closeSync(descriptor);
    }
  });
}

type Span = readonly [from: number, to: number];

interface Entry {
  readonly data_offsets?: Span;
}

/** The places of the tensors of a safetensors file, after its header was hashed; undefined for another format. */
function tensorSpans(descriptor: number, size: number, hash: Hash): Span[] | undefined {
  if (size < 8) return undefined;
  const length = Number(read(descriptor, 0, 8).readBigUInt64LE());
  if (length > size - 8 || length > 100_000_000) return undefined;
  const text = read(descriptor, 8, length);
  if (text[0] !== 0x7b) return undefined; // no "{"
  hash.update(text);
  const header = JSON.parse(text.toString("utf8")) as Record<string, Entry | null>;
  const start = 8 + length;
  return Object.values(header).flatMap((entry): Span[] => {
    const span = entry?.data_offsets; // the metadata has none
    return span ? [[start + span[0], start + span[1]]] : [];
  });
}

function evenSpans(descriptor: number, size: number, hash: Hash): Span[] {
  const head = Math.min(size, headBytes);
  hash.update(read(descriptor, 0, head));
  const part = (size - head) / parts;
  return Array.from({ length: parts }, (_, at): Span => {
    return [head + Math.floor(at * part), head + Math.floor((at + 1) * part)];
  });
}

function sample(descriptor: number, from: number, to: number, hash: Hash): void {
  if (to - from <= blocks * block) {
    hash.update(read(descriptor, from, to - from));
    return;
  }
  const gap = (to - from - block) / (blocks - 1);
  for (let at = 0; at < blocks; at++) {
    hash.update(read(descriptor, from + Math.floor(at * gap), block));
  }
}

function read(descriptor: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  readSync(descriptor, bytes, 0, length, position);
  return bytes;
}
