/**
 * The letters that byte-level vocabularies write bytes with: printable ones stand for themselves, the others for characters
 * from 256 up. Source: GPT-2's encoder.py, `bytes_to_unicode`.
 */

const letters: string[] = [];
const bytes = new Map<string, number>();
let next = 256;
for (let byte = 0; byte < 256; byte++) {
  const printable = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  letters[byte] = String.fromCharCode(printable ? byte : next++);
  bytes.set(letters[byte], byte);
}
const encoder = new TextEncoder();

/** A text as a byte-level vocabulary spells it. */
export function spellBytes(text: string): string {
  let spelled = "";
  for (const byte of encoder.encode(text)) spelled += letters[byte];
  return spelled;
}

/** @returns undefined for a token with characters that stand for no byte, such as many an added one */
export function bytesOfLetters(token: string): number[] | undefined {
  const found: number[] = [];
  for (const letter of token) {
    const byte = bytes.get(letter);
    if (byte === undefined) return undefined;
    found.push(byte);
  }
  return found;
}
