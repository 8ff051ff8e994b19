/** Reads the binary types of a GGUF header, and never beyond its end. */
import { CorruptCheckpointError } from "../../errors.js";

/** A value of the metadata. */
export type GgufValue = number | boolean | string | readonly GgufValue[];

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Type codes of metadata values. */
const stringType = 8;
const arrayType = 9;
/** Lists in lists are allowed; what files have is one. */
const deepest = 8;

/** Walks through the bytes at the beginning of a file. Source: the format's description, github.com/ggml-org/ggml. */
export class GgufReader {
  #position = 0;

  constructor(
    private readonly bytes: Buffer,
    private readonly file: string,
  ) {}

  /** Whether more was asked for than there is. */
  ended = false;

  get position(): number {
    return this.#position;
  }

  uint32(): number {
    return this.bytes.readUInt32LE(this.#advance(4));
  }

  /** A count or an offset; more than a file can have is damage. */
  uint64(): number {
    const value = this.bytes.readBigUInt64LE(this.#advance(8));
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new CorruptCheckpointError(this.file, `its header claims a size of ${value}`);
    }
    return Number(value);
  }

  text(): string {
    const length = this.uint64();
    const start = this.#advance(length);
    try {
      return utf8.decode(this.bytes.subarray(start, start + length));
    } catch (cause) {
      throw new CorruptCheckpointError(this.file, "a text in its header is not UTF-8", { cause });
    }
  }

  /** @param depth of the list that it is in */
  value(type: number, depth = 0): GgufValue {
    if (type === stringType) return this.text();
    if (type !== arrayType) return this.#scalar(type);
    if (depth >= deepest) {
      throw new CorruptCheckpointError(this.file, `its header has lists more than ${deepest} deep`);
    }
    const inner = this.uint32();
    const length = this.count(inner === stringType ? 8 : 1, "a list of", "values");
    return Array.from({ length }, () => this.value(inner, depth + 1));
  }

  /**
   * How many of something follow.
   *
   * @param least the bytes that one of them takes at least: there cannot be more than fit
   */
  count(least: number, before: string, after: string): number {
    const length = this.uint64();
    if (length * least <= this.bytes.length - this.#position) return length;
    this.ended = true;
    const reason = `its header claims ${before} ${length} ${after}, more than it has room for`;
    throw new CorruptCheckpointError(this.file, reason);
  }

  #scalar(type: number): number | boolean {
    const { bytes } = this;
    switch (type) {
      case 0:
        return bytes.readUInt8(this.#advance(1));
      case 1:
        return bytes.readInt8(this.#advance(1));
      case 2:
        return bytes.readUInt16LE(this.#advance(2));
      case 3:
        return bytes.readInt16LE(this.#advance(2));
      case 4:
        return this.uint32();
      case 5:
        return bytes.readInt32LE(this.#advance(4));
      case 6:
        return bytes.readFloatLE(this.#advance(4));
      case 7:
        return bytes.readUInt8(this.#advance(1)) !== 0;
      case 10:
        return this.uint64();
      case 11:
        return Number(bytes.readBigInt64LE(this.#advance(8)));
      case 12:
        return bytes.readDoubleLE(this.#advance(8));
      default:
        throw new CorruptCheckpointError(this.file, `its metadata has a value of type ${type}`);
    }
  }

  #advance(length: number): number {
    const start = this.#position;
    if (start + length > this.bytes.length) {
      this.ended = true;
      throw new CorruptCheckpointError(this.file, "it ends within its header (truncated?)");
    }
    this.#position = start + length;
    return start;
  }
}
