/** Archives without compression, as torch writes them. */

/** One file of an archive. */
export interface ZipContent {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Sizes and places have 32 bits in the plain format. */
const mostBytes = 2 ** 32 - 1;

/**
 * The bytes of a whole archive.
 *
 * @throws RangeError for more than 4 GB
 */
export function zipOf(contents: readonly ZipContent[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let start = 0;
  for (const { name, bytes } of contents) {
    const file = Buffer.from(name, "latin1");
    const sum = checksum(bytes);
    const local = Buffer.concat([localHeader(file.length, bytes.length, sum), file]);
    directory.push(Buffer.concat([centralHeader(file.length, bytes.length, sum, start), file]));
    parts.push(local, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    start += local.length + bytes.length;
    if (start > mostBytes)
      throw new RangeError("an archive of more than 4 GB needs another format");
  }
  const index = Buffer.concat(directory);
  return Buffer.concat([...parts, index, endRecord(contents.length, index.length, start)]);
}

function localHeader(name: number, size: number, sum: number): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  writeCommon(header, 4, { name, size, sum });
  return header;
}

function centralHeader(name: number, size: number, sum: number, start: number): Buffer {
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  writeCommon(header, 6, { name, size, sum });
  header.writeUInt32LE(start, 42);
  return header;
}

/** What both headers say alike: stored, without a time, how large. */
function writeCommon(
  header: Buffer,
  at: number,
  { name, size, sum }: { readonly name: number; readonly size: number; readonly sum: number },
): void {
  header.writeUInt16LE(20, at); // the version of the format
  header.writeUInt16LE(0x21, at + 8); // 1980-01-01, the first day it knows
  header.writeUInt32LE(sum, at + 10);
  header.writeUInt32LE(size, at + 14);
  header.writeUInt32LE(size, at + 18);
  header.writeUInt16LE(name, at + 22);
}

function endRecord(count: number, size: number, start: number): Buffer {
  const record = Buffer.alloc(22);
  record.writeUInt32LE(0x06054b50, 0);
  record.writeUInt16LE(count, 8);
  record.writeUInt16LE(count, 10);
  record.writeUInt32LE(size, 12);
  record.writeUInt32LE(start, 16);
  return record;
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32, as archives use it. */
function checksum(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (value >>> 8) ^ table[(value ^ byte) & 0xff];
  return (value ^ 0xffffffff) >>> 0;
}
