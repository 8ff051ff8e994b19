/** The table of replacements that SentencePiece compiles into a model: a double-array trie, and the texts it leads to. */
import { Buffer } from "node:buffer";
import type { Room } from "./room.js";
import { TokenizerFileError } from "./step.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Source: the format of Darts-clone's units, github.com/s-yata/darts-clone.
 *
 * @param text `precompiled_charsmap`, in base 64: the trie's size in bytes, its units, and texts that end in a zero
 * @throws TokenizerFileError
 */
export function createCharsMap(text: string, room: Room): (text: string) => string {
  const table = readTable(Buffer.from(text, "base64"));
  const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });
  const change = (part: string) => replacement(encoder.encode(part), table);
  return (given) => {
    let changed = "";
    for (const { segment } of segmenter.segment(given)) {
      const whole = encoder.encode(segment).length < 6 ? change(segment) : undefined;
      if (whole !== undefined) changed += whole;
      else for (const character of segment) changed += change(character) ?? character;
      room.check(changed.length);
    }
    return changed;
  };
}

interface Table {
  readonly units: Uint32Array;
  readonly texts: Uint8Array;
}

function readTable(bytes: Buffer): Table {
  const size = bytes.length < 4 ? -1 : bytes.readUInt32LE(0);
  if (size < 0 || size % 4 !== 0 || size + 4 > bytes.length) {
    throw new TokenizerFileError("the table of its normalizer Precompiled is damaged");
  }
  const units = Uint32Array.from({ length: size / 4 }, (_, index) =>
    bytes.readUInt32LE(4 + 4 * index),
  );
  return { units, texts: bytes.subarray(4 + size) };
}

const offsetOf = (unit: number) => (unit >>> 10) << ((unit & 0x200) >>> 6);

/** The text for the shortest key that these bytes begin with. */
function replacement(key: Uint8Array, { units, texts }: Table): string | undefined {
  let place = offsetOf(units[0] ?? 0);
  for (const byte of key) {
    if (byte === 0) return undefined;
    place ^= byte;
    const unit = units[place];
    if (unit === undefined || (unit & 0x800000ff) >>> 0 !== byte) return undefined;
    place ^= offsetOf(unit);
    if ((unit >>> 8) & 1) {
      const start = (units[place] ?? 0) & 0x7fffffff;
      const end = texts.indexOf(0, start);
      return decoder.decode(texts.subarray(start, end < 0 ? texts.length : end));
    }
  }
  return undefined;
}
