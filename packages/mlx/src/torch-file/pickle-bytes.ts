/** Reads the parts of a pickle's opcodes from its bytes, never beyond their end. */
import { CorruptFileError } from "../errors.js";

const longestLine = 1 << 16;

/** A place in some bytes that moves on as they are read. */
export class PickleBytes {
  position = 0;

  constructor(
    readonly bytes: Buffer,
    private readonly file: string,
  ) {}

  /** @throws CorruptFileError (`CORRUPT_FILE`) at the end */
  take(count: number): Buffer {
    const { bytes, position } = this;
    if (count > bytes.length - position) {
      throw new CorruptFileError(this.file, "its pickle ends early (truncated?)");
    }
    this.position += count;
    return bytes.subarray(position, position + count);
  }

  byte(): number {
    return this.take(1)[0];
  }

  unsigned16(): number {
    return this.take(2).readUInt16LE();
  }

  unsigned32(): number {
    return this.take(4).readUInt32LE();
  }

  signed32(): number {
    return this.take(4).readInt32LE();
  }

  /** A length of 64 bits, which is none where it is beyond what there is. */
  unsigned64(): number {
    return Number(this.take(8).readBigUInt64LE());
  }

  double(): number {
    return this.take(8).readDoubleBE();
  }

  text(length: number): string {
    return this.decoded(this.take(length));
  }

  /** Up to the next line feed. */
  line(): string {
    const end = this.bytes.indexOf(10, this.position);
    if (end < 0 || end - this.position > longestLine) {
      throw new CorruptFileError(this.file, "a line of its pickle does not end");
    }
    const line = this.take(end - this.position);
    this.position++;
    return this.decoded(line);
  }

  /** A whole number of `length` bytes in two's complement. */
  long(length: number): number | bigint {
    if (length > longestLine) {
      throw new CorruptFileError(this.file, `a number of its pickle has ${length} bytes`);
    }
    const digits = Buffer.from(this.take(length)).reverse().toString("hex");
    if (digits === "") return 0;
    return narrow(BigInt.asIntN(8 * length, BigInt(`0x${digits}`)));
  }

  private decoded(bytes: Buffer): string {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch (cause) {
      throw new CorruptFileError(this.file, "a text of its pickle is not UTF-8", { cause });
    }
  }
}

/** A number where one holds it exactly. */
export function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
