/**
 * The files in a zip archive as torch writes it: stored as they are, one after the other, also beyond 4 GiB.
 * Source: PKWARE, "APPNOTE.TXT – .ZIP File Format Specification" 6.3.10, sections 4.3 and 4.5.3.
 */
import { crc32 } from "node:zlib";
import { CorruptFileError, UnsupportedFileError } from "../errors.js";
import { readPart } from "../file-part.js";

/** One file of the archive. */
export interface ZipEntry {
  readonly name: string;
  /** Where in the archive its first byte is. */
  readonly start: number;
  readonly bytes: number;
  /** Of its bytes, by CRC-32; 0 where torch was told to write none. */
  readonly sum: number;
  /** Whether its bytes are as they are; otherwise they are compressed or encrypted. */
  readonly plain: boolean;
}

const signatures = { entry: 0x02014b50, local: 0x04034b50, end: 0x06054b50, end64: 0x06064b50 };
const locator64 = 0x07064b50;
const [endBytes, locatorBytes, end64Bytes, entryBytes, localBytes] = [22, 20, 56, 46, 30];
const longestComment = 65_535;
/** In place of a number that is among the extras, in 64 bits. */
const elsewhere = 0xffffffff;
const mostDirectory = 256 * 2 ** 20;

interface Directory {
  readonly start: number;
  readonly bytes: number;
  readonly count: number;
}

/**
 * The bytes of a file of the archive, after their sum has been compared.
 *
 * @throws CorruptFileError (`CORRUPT_FILE`), UnsupportedFileError (`UNSUPPORTED_FILE`) for a compressed or encrypted one
 */
export function readZipEntry(file: string, entry: ZipEntry): Buffer {
  requirePlain(file, entry);
  const bytes = readPart(file, entry.start, entry.bytes);
  if (entry.sum === 0 || crc32(bytes) === entry.sum) return bytes;
  throw damaged(file, `the sum of "${entry.name.slice(0, 80)}" differs`);
}

/** @throws UnsupportedFileError (`UNSUPPORTED_FILE`) */
export function requirePlain(file: string, { name, plain }: ZipEntry): void {
  if (plain) return;
  const what = `"${name.slice(0, 80)}" in it is compressed or encrypted, which torch does not write`;
  throw new UnsupportedFileError(file, what, "Write it again with torch.save.");
}

/** @throws CorruptFileError (`CORRUPT_FILE`) */
export function readZipEntries(file: string, size: number): Map<string, ZipEntry> {
  const { start, bytes, count } = findDirectory(file, size);
  if (bytes > mostDirectory || start + bytes > size)
    throw damaged(file, "its directory is beyond its end");
  const directory = readPart(file, start, bytes);
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (at + entryBytes > directory.length || directory.readUInt32LE(at) !== signatures.entry) {
      throw damaged(file, `its directory ends after ${index} of ${count} files`);
    }
    const [name, extras, comment] = [28, 30, 32].map((place) => directory.readUInt16LE(at + place));
    const end = at + entryBytes + name + extras + comment;
    if (end > directory.length) throw damaged(file, "an entry of its directory is cut off");
    const entry = readEntry(file, size, directory.subarray(at, end));
    entries.set(entry.name, entry);
    at = end;
  }
  return entries;
}

function findDirectory(file: string, size: number): Directory {
  const length = Math.min(size, endBytes + longestComment);
  const tail = readPart(file, size - length, length);
  for (let at = length - endBytes; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== signatures.end) continue;
    const found = {
      count: tail.readUInt16LE(at + 10),
      bytes: tail.readUInt32LE(at + 12),
      start: tail.readUInt32LE(at + 16),
    };
    const large = found.count === 0xffff || found.bytes === elsewhere || found.start === elsewhere;
    return large ? findDirectory64(file, size, size - length + at) : found;
  }
  throw damaged(file, "it is a zip archive without a directory (truncated?)");
}

function findDirectory64(file: string, size: number, end: number): Directory {
  if (end < locatorBytes) throw damaged(file, "its directory is nowhere");
  const locator = readPart(file, end - locatorBytes, locatorBytes);
  const at = Number(locator.readBigUInt64LE(8));
  if (locator.readUInt32LE(0) !== locator64 || at + end64Bytes > size) {
    throw damaged(file, "its directory is nowhere");
  }
  const record = readPart(file, at, end64Bytes);
  if (record.readUInt32LE(0) !== signatures.end64) throw damaged(file, "its directory is nowhere");
  const [count, bytes, start] = [32, 40, 48].map((place) => Number(record.readBigUInt64LE(place)));
  return { count, bytes, start };
}

function readEntry(file: string, size: number, entry: Buffer): ZipEntry {
  const nameBytes = entry.readUInt16LE(28);
  const name = entry.toString("utf8", entryBytes, entryBytes + nameBytes);
  const encrypted = (entry.readUInt16LE(8) & 1) === 1;
  const compressed = entry.readUInt16LE(10) !== 0;
  const extraBytes = entry.readUInt16LE(30);
  const extras = entry.subarray(entryBytes + nameBytes, entryBytes + nameBytes + extraBytes);
  const [bytes, packed, local] = wideNumbers(
    [entry.readUInt32LE(24), entry.readUInt32LE(20), entry.readUInt32LE(42)],
    extras,
  );
  const plain = !encrypted && !compressed;
  if ((plain && bytes !== packed) || local + localBytes > size)
    throw damaged(file, `"${name.slice(0, 80)}" is cut off`);
  const header = readPart(file, local, localBytes);
  const start = local + localBytes + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (header.readUInt32LE(0) !== signatures.local || start + packed > size) {
    throw damaged(file, `"${name.slice(0, 80)}" is cut off`);
  }
  return { name, start, bytes, sum: entry.readUInt32LE(16), plain };
}

/** Those numbers that need 64 bits are in the extra field 1, in this order. */
function wideNumbers(numbers: readonly number[], extras: Buffer): number[] {
  let wide = extras.subarray(0, 0);
  for (let at = 0; at + 4 <= extras.length; at += 4 + extras.readUInt16LE(at + 2)) {
    if (extras.readUInt16LE(at) === 1)
      wide = extras.subarray(at + 4, at + 4 + extras.readUInt16LE(at + 2));
  }
  let next = 0;
  return numbers.map((number) => {
    if (number !== elsewhere || next + 8 > wide.length) return number;
    next += 8;
    return Number(wide.readBigUInt64LE(next - 8));
  });
}

const damaged = (file: string, reason: string) => new CorruptFileError(file, reason);
