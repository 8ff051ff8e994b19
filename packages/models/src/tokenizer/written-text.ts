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
 * @returns bytes of characters that are written as they are bounded by character, of others by grapheme
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
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  for (const { segment, index } of segmenter.segment(text)) {
    const spelling = write(segment);
    if (spelling !== segment) {
      add(spelling, index, segment.length);
      continue;
    }
    let at = index;
    for (const character of segment) {
      add(character, at, character.length);
      at += character.length;
    }
  }
  return written;
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
