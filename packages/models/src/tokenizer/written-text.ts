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
  const add = (spelling: string, start: number, length: number) => {
    for (const byte of encoder.encode(spelling)) {
      written.bytes.push(byte);
      written.start.push(start);
      written.end.push(start + length);
    }
  };
  for (const { segment, index } of graphemes(text)) {
    const spelling = write(segment);
    const characters = [...segment];
    const alone = spelling === segment ? characters : characters.map(write);
    if (alone.join("") !== spelling) {
      add(spelling, index, segment.length);
      continue;
    }
    let at = index;
    characters.forEach((character, place) => {
      add(alone[place], at, character.length);
      at += character.length;
    });
  }
  return written;
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
