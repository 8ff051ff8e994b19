/** Finds the characters of a text that each of its tokens stands for. */
import { TokenAlignmentError } from "./errors.js";
import { byteAt, characterAt, type WrittenText } from "./written-text.js";

/** A token as the vocabulary spells it. */
export interface SpelledToken {
  readonly token: string;
  readonly bytes: readonly number[];
  /** A token that was found in the normalized text before that was divided. */
  readonly added?: { readonly lstrip: boolean; readonly rstrip: boolean };
  /** Stands for text that the vocabulary has no token for. */
  readonly unknown: boolean;
}

/** Where a token stands: text.slice(start, end). */
export interface TokenSpan {
  readonly start: number;
  readonly end: number;
  /** Whether it begins and ends with whole characters. */
  readonly whole: boolean;
}

/** How a tokenizer departs from spelling a text byte for byte. */
export interface AlignmentRules {
  /** What is put before a stretch of text that follows the beginning or an added token. */
  prefix(rest: string): readonly number[];
  /** Whether it is also put behind an added token. */
  readonly repeatsPrefix: boolean;
  /** Whether normalisation replaces the spaces that an added token could take with it. */
  readonly keepsSpaces: boolean;
  /** Whether spaces between words are left out. */
  readonly dropsSpaces: boolean;
  /** How many of the first characters an unknown token stands for; undefined where any number may be. */
  unknownLength(rest: string): number | undefined;
}

interface Found {
  readonly span: TokenSpan;
  /** The byte after the token. */
  readonly next: number;
}

/**
 * @throws TokenAlignmentError (`TOKEN_ALIGNMENT`) rather than give a wrong place
 */
export function alignTokens(
  tokens: readonly SpelledToken[],
  written: WrittenText,
  rules: AlignmentRules,
): TokenSpan[] {
  let [byte, fresh] = [0, true];
  return tokens.map((token, index) => {
    const known = token.added
      ? findAdded(token, token.added, written, byte, rules, fresh)
      : findSpelled(token.bytes, written, byte, rules, fresh);
    const found =
      known ?? (token.unknown ? findUnknown(written, byte, rules, tokens[index + 1]) : undefined);
    if (!found) {
      const rest = written.text.slice(characterAt(written, byte));
      throw new TokenAlignmentError(token.token, index, rest);
    }
    byte = found.next;
    fresh = known !== undefined && token.added !== undefined && rules.repeatsPrefix;
    return found.span;
  });
}

function findAdded(
  token: SpelledToken,
  { lstrip, rstrip }: { readonly lstrip: boolean; readonly rstrip: boolean },
  written: WrittenText,
  byte: number,
  rules: AlignmentRules,
  fresh: boolean,
): Found | undefined {
  const direct = findSpelled(token.bytes, written, byte, { ...rules, dropsSpaces: false }, fresh);
  const behind = rules.dropsSpaces ? skipSpaces(written, byte) : byte;
  const from = lstrip ? skipWhite(written, byte, rules) : behind;
  const found = direct ?? matchAt(token.bytes, written, from);
  if (!found) return undefined;
  const next = rstrip ? skipWhite(written, found.next, rules) : found.next;
  const { whole } = found.span;
  const start = lstrip ? characterAt(written, byte) : found.span.start;
  const end = next > found.next ? spanOf(written, found.next, next).end : found.span.end;
  return { span: { start, end, whole }, next };
}

/** Past white space that is still there after normalisation. */
function skipWhite(written: WrittenText, from: number, { keepsSpaces }: AlignmentRules): number {
  let byte = from;
  while (byte < written.bytes.length) {
    const character = written.text.slice(written.start[byte], written.end[byte]);
    if (!/^\p{White_Space}+$/u.test(character) || (keepsSpaces && character === " ")) break;
    byte++;
  }
  return byte;
}

function findSpelled(
  bytes: readonly number[],
  written: WrittenText,
  byte: number,
  { prefix, dropsSpaces }: AlignmentRules,
  fresh: boolean,
): Found | undefined {
  if (fresh) {
    const before = prefix(written.text.slice(characterAt(written, byte)));
    const prefixed = before.length > 0 && before.every((value, index) => bytes[index] === value);
    const found = prefixed && matchAt(bytes.slice(before.length), written, byte);
    if (found) return found;
  }
  const from = dropsSpaces ? skipSpaces(written, byte) : byte;
  return matchAt(bytes, written, from);
}

function matchAt(bytes: readonly number[], written: WrittenText, byte: number): Found | undefined {
  const next = byte + bytes.length;
  if (!bytes.every((value, index) => written.bytes[byte + index] === value)) return undefined;
  return { span: spanOf(written, byte, next), next };
}

function spanOf(written: WrittenText, from: number, to: number): TokenSpan {
  const { start, end } = written;
  const at = characterAt(written, from);
  if (from === to) return { start: at, end: at, whole: true };
  const whole = start[from - 1] !== start[from] && start[to] !== start[to - 1];
  return { start: at, end: end[to - 1], whole };
}

function skipSpaces(written: WrittenText, from: number): number {
  let byte = from;
  while (byte < written.bytes.length) {
    const normalized = written.bytes[byte] === 32; // put between characters by some normalizers
    if (!normalized && /\S/u.test(written.text.slice(written.start[byte], written.end[byte])))
      break;
    byte++;
  }
  return byte;
}

/** An unknown token stands for a word or, where there are no words, for what comes before the next known token. */
function findUnknown(
  written: WrittenText,
  byte: number,
  rules: AlignmentRules,
  following: SpelledToken | undefined,
): Found | undefined {
  const from = rules.dropsSpaces ? skipSpaces(written, byte) : byte;
  const start = characterAt(written, from);
  const rest = written.text.slice(start);
  if (rest === "") return undefined;
  const length = rules.unknownLength(rest);
  let next = byteAt(written, start + (length ?? 1), from);
  const stops = (at: number) =>
    following &&
    (following.added
      ? written.text.startsWith(following.token, characterAt(written, at))
      : matchAt(following.bytes, written, at));
  while (length === undefined && next < written.bytes.length && !stops(next)) next++;
  return { span: spanOf(written, from, next), next };
}
