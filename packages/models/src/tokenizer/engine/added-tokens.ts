/** Tokens that are found in a text before it is divided, such as the marks of a conversation. */
import { CodeSet } from "../../patterns/code-set.js";
import { type Normalize, spacesAtEnd, spacesAtStart } from "./normalizers.js";
import { shown, TokenizerFileError } from "./step.js";
import { checkId } from "./vocabulary.js";

export interface AddedToken {
  readonly id: number;
  /** As it is written in the file. */
  readonly content: string;
  /** As it is looked for and decoded: normalized as texts are where the token is. */
  readonly written: string;
  /** Whether it is looked for after normalisation. */
  readonly normalized: boolean;
  /** Whether it is no part of a longer word. */
  readonly singleWord: boolean;
  /** Whether it takes the white space before it. */
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  /** Whether it stands for no text of its own, such as BOS. */
  readonly special: boolean;
}

/** A stretch of a text: an added token, or what is between them. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly token?: AddedToken;
}

/** @throws TokenizerFileError */
export function readAddedTokens(list: unknown, normalize: Normalize): AddedToken[] {
  if (list === null || list === undefined) return [];
  if (!Array.isArray(list)) {
    throw new TokenizerFileError(`its added_tokens are ${shown(list)}; they have to be a list`);
  }
  return list.map((entry: unknown) => readAdded(entry, normalize));
}

function readAdded(entry: unknown, normalize: Normalize): AddedToken {
  const field = (entry ?? {}) as Readonly<Record<string, unknown>>;
  const { content } = field;
  if (typeof content !== "string") {
    throw new TokenizerFileError(`an added token is ${shown(entry)}; its content has to be a text`);
  }
  const special = field.special === true;
  const normalized = typeof field.normalized === "boolean" ? field.normalized : !special;
  return {
    id: checkId(field.id, content),
    content,
    written: normalized ? normalize(content) : content,
    normalized,
    singleWord: field.single_word === true,
    lstrip: field.lstrip === true,
    rstrip: field.rstrip === true,
    special,
  };
}

interface Node {
  readonly next: Map<number, Node>;
  token?: AddedToken;
}

/** Divides a text at tokens: the leftmost, and of those that begin there the longest. */
export function createStretcher(tokens: readonly AddedToken[]): (text: string) => Stretch[] {
  const root: Node = { next: new Map() };
  for (const token of tokens) plant(root, token);
  return (text) => {
    const stretches: Stretch[] = [];
    let end = 0;
    for (let at = 0; at < text.length; ) {
      const token = root.next.has(text.charCodeAt(at)) ? longestAt(root, text, at) : undefined;
      if (!token) {
        at++;
        continue;
      }
      const stop = at + token.written.length;
      const stretch = reach(token, text, at, stop, end);
      at = stop;
      if (!stretch) continue;
      if (end < stretch.start) stretches.push({ start: end, end: stretch.start });
      stretches.push(stretch);
      end = stretch.end;
    }
    if (end < text.length) stretches.push({ start: end, end: text.length });
    return stretches;
  };
}

/** Of tokens that are written alike the first is found. */
function plant(root: Node, token: AddedToken): void {
  let node = root;
  for (let at = 0; at < token.written.length; at++) {
    const code = token.written.charCodeAt(at);
    const next: Node = node.next.get(code) ?? { next: new Map() };
    node.next.set(code, next);
    node = next;
  }
  if (node !== root) node.token ??= token;
}

function longestAt(root: Node, text: string, start: number): AddedToken | undefined {
  let node: Node | undefined = root;
  let found: AddedToken | undefined;
  for (let at = start; at < text.length; at++) {
    node = node.next.get(text.charCodeAt(at));
    if (!node) break;
    found = node.token ?? found;
  }
  return found;
}

let wordCharacters: CodeSet | undefined;

function isWord(code: number | undefined): boolean {
  wordCharacters ??= new CodeSet("[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200C\\u200D]");
  return code !== undefined && wordCharacters.has(code);
}

/** @param from where the token before it ends */
function reach(
  token: AddedToken,
  text: string,
  start: number,
  end: number,
  from: number,
): Stretch | undefined {
  const before = [...text.slice(Math.max(0, start - 2), start)].at(-1)?.codePointAt(0);
  if (token.singleWord && (isWord(before) || isWord(text.codePointAt(end)))) return undefined;
  return {
    start: token.lstrip ? Math.max(spacesAtEnd(text, start), from) : start,
    end: token.rstrip ? spacesAtStart(text, end) : end,
    token,
  };
}
