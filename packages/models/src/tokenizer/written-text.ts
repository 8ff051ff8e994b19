/** A text as a vocabulary writes it: its bytes after normalisation, each with the characters it stands for. */

/** Bytes in the order tokens spell them; `start` and `end` bound the characters of each in the text. */
export interface WrittenText {
  readonly text: string;
  readonly bytes: readonly number[];
  readonly start: readonly number[];
  readonly end: readonly number[];
}

const encoder = new TextEncoder();
let segmenter: Intl.Segmenter | undefined;

/**
 * @param write normalises and spells one grapheme; normalisation does not reach beyond graphemes
 * @returns bytes bounded by character where each is written as it is alone, else by grapheme
 */
export function writeText(text: string, write: (grapheme: string) => string): WrittenText {
  const written = { text, bytes: [] as number[], start: [] as number[], end: [] as number[] };
  const known = new Map<string, readonly SpelledPart[]>(); // a text has few different graphemes
  for (const { segment, index } of graphemes(text)) {
    const parts = known.get(segment) ?? partsOf(segment, write);
    known.set(segment, parts);
    let at = index;
    for (const { bytes, length } of parts) {
      for (const byte of bytes) {
        written.bytes.push(byte);
        written.start.push(at);
        written.end.push(at + length);
      }
      at += length;
    }
  }
  return written;
}

/** What some characters of a grapheme are written as. */
interface SpelledPart {
  readonly bytes: Uint8Array;
  /** Of the characters. */
  readonly length: number;
}

function partsOf(segment: string, write: (grapheme: string) => string): SpelledPart[] {
  const spelling = write(segment);
  const characters = [...segment];
  const alone = spelling === segment ? characters : characters.map(write);
  if (alone.join("") !== spelling) {
    return [{ bytes: encoder.encode(spelling), length: segment.length }];
  }
  return characters.map(({ length }, place) => ({ bytes: encoder.encode(alone[place]), length }));
}

/** Characters that are cut into graphemes at once: the time of a segmenter's step grows with the text it was given. */
const windowLength = 512;

interface Grapheme {
  readonly segment: string;
  readonly index: number;
}

/** A window's last grapheme may go on behind it, and is looked at again in the next one; wider where it fills the whole window. */
function* graphemes(text: string): Generator<Grapheme> {
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  let [start, length] = [0, windowLength];
  while (start < text.length) {
    const end = characterEnd(text, start + length);
    const found = [...segmenter.segment(text.slice(start, end))];
    const isLast = end >= text.length;
    const whole = isLast ? found : found.slice(0, -1);
    for (const { segment, index } of whole) yield { segment, index: start + index };
    if (isLast) return;
    start += found[found.length - 1].index;
    length = whole.length === 0 ? 2 * length : windowLength;
  }
}

/** The same place, or the next one where it is between the halves of a character. */
function characterEnd(text: string, at: number): number {
  return /[\uD800-\uDBFF]/.test(text.charAt(at - 1)) ? at + 1 : at;
}

/** The character where a byte begins. */
export function characterAt({ text, start }: WrittenText, byte: number): number {
  return start[byte] ?? text.length;
}

/** The first byte at or after a character. */
export function byteAt({ start, bytes }: WrittenText, character: number, from: number): number {
  let byte = from;
  while (byte < bytes.length && start[byte] < character) byte++;
  return byte;
}
