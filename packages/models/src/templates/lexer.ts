/** Divides a template into texts, tags and the tokens in them, with `trim_blocks` and `lstrip_blocks` as chat templates are read. */
import { wrongTemplate } from "./fault.js";

export type TokenKind =
  | "text"
  | "blockBegin"
  | "blockEnd"
  | "variableBegin"
  | "variableEnd"
  | "name"
  | "string"
  | "integer"
  | "float"
  | "operator"
  | "end";

export interface Token {
  readonly kind: TokenKind;
  readonly value: string;
  readonly line: number;
}

const opening = /\{%[-+]?\s*raw\s*(?:-%\}\s*|%\})|\{([%{#])([-+]?)/g;
const rawEnd = /\{%([-+]?)\s*endraw\s*(?:\+%\}|-%\}\s*|%\}\n?)/g;
const commentEnd = /\+#\}|-#\}\s*|#\}\n?/g;
const blockEnd = /(?:\+%\}|-%\}\s*|%\}\n?)/y;
const variableEnd = /(?:-\}\}\s*|\}\})/y;
const inside: readonly (readonly [TokenKind, RegExp])[] = [
  ["float", /(?<!\.)(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?[eE][+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/y],
  [
    "integer",
    /0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[\da-fA-F])+|[1-9](?:_?\d)*|0(?:_?0)*/y,
  ],
  ["name", /[\p{ID_Start}_][\p{ID_Continue}_]*/uy],
  ["string", /'[^'\\]*(?:\\[\s\S][^'\\]*)*'|"[^"\\]*(?:\\[\s\S][^"\\]*)*"/y],
  ["operator", /\/\/|\*\*|==|!=|>=|<=|[-+/*%~[\](){}<>=.:|,;]/y],
];
const closers: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/** @throws TemplateFault */
export function tokenize(template: string): Token[] {
  return new Lexer(template.replace(/\r\n?/g, "\n").replace(/\n$/, "")).run();
}

class Lexer {
  private at = 0;
  private line = 1;
  private lineStarts = true;
  private readonly tokens: Token[] = [];

  constructor(private readonly source: string) {}

  run(): Token[] {
    while (this.at < this.source.length) this.next();
    this.add("end", "");
    return this.tokens;
  }

  private add(kind: TokenKind, value: string): void {
    this.tokens.push({ kind, value, line: this.line });
  }

  /** Moves on, and counts the lines. */
  private pass(to: number): void {
    for (let at = this.at; at < to; at++) if (this.source[at] === "\n") this.line++;
    if (to > this.at) this.lineStarts = this.source[to - 1] === "\n";
    this.at = to;
  }

  private text(end: number, sign: string, isVariable: boolean): void {
    const text = this.source.slice(this.at, end);
    const kept = stripBefore(text, sign, isVariable, this.lineStarts);
    if (kept !== "") this.add("text", kept);
    this.pass(end);
  }

  private next(): void {
    opening.lastIndex = this.at;
    const found = opening.exec(this.source);
    if (!found) {
      this.add("text", this.source.slice(this.at));
      this.pass(this.source.length);
      return;
    }
    const [mark, kind, sign] = found;
    const isRaw = kind === undefined;
    this.text(found.index, isRaw ? (/^\{%([-+]?)/.exec(mark)?.[1] ?? "") : sign, kind === "{");
    this.pass(found.index + mark.length);
    if (isRaw) this.raw();
    else if (kind === "#") this.comment();
    else this.tag(kind === "{");
  }

  private raw(): void {
    rawEnd.lastIndex = this.at;
    const end = rawEnd.exec(this.source);
    if (!end) throw this.failure("{% raw %} has no end");
    this.text(end.index, end[1], false);
    this.pass(end.index + end[0].length);
  }

  private comment(): void {
    commentEnd.lastIndex = this.at;
    const end = commentEnd.exec(this.source);
    if (!end) throw this.failure("a comment has no end");
    this.pass(end.index + end[0].length);
  }

  private tag(isVariable: boolean): void {
    this.add(isVariable ? "variableBegin" : "blockBegin", "");
    const open: string[] = [];
    const ending = isVariable ? variableEnd : blockEnd;
    for (;;) {
      const space = /\s*/y;
      space.lastIndex = this.at;
      this.pass(this.at + (space.exec(this.source)?.[0].length ?? 0));
      const end = open.length === 0 ? matchAt(ending, this.source, this.at) : undefined;
      if (end !== undefined) {
        this.add(isVariable ? "variableEnd" : "blockEnd", "");
        this.pass(this.at + end.length);
        return;
      }
      this.inner(open);
    }
  }

  private inner(open: string[]): void {
    for (const [kind, expression] of inside) {
      const value = matchAt(expression, this.source, this.at);
      if (value === undefined) continue;
      if (kind === "operator") this.balance(value, open);
      this.add(kind, value);
      this.pass(this.at + value.length);
      return;
    }
    const character = this.source.slice(this.at, this.at + 1);
    throw this.failure(
      character === "" ? "a tag has no end" : `unexpected ${JSON.stringify(character)}`,
    );
  }

  private balance(operator: string, open: string[]): void {
    const closer = Object.hasOwn(closers, operator) ? closers[operator] : undefined;
    if (closer) open.push(closer);
    else if (")]}".includes(operator) && open.pop() !== operator) {
      throw this.failure(`unexpected "${operator}"`);
    }
  }

  private failure(reason: string) {
    const fault = wrongTemplate(reason);
    fault.line = this.line;
    return fault;
  }
}

/** The text before a tag: `-` takes its white space, and a tag that begins its line the line's indentation. */
function stripBefore(text: string, sign: string, isVariable: boolean, lineStarts: boolean): string {
  if (sign === "-") return text.trimEnd();
  if (sign === "+" || isVariable) return text;
  const start = text.lastIndexOf("\n") + 1;
  if (start === 0 && !lineStarts) return text;
  return /^\s+$/.test(text.slice(start)) ? text.slice(0, start) : text;
}

function matchAt(expression: RegExp, text: string, at: number): string | undefined {
  expression.lastIndex = at;
  return expression.exec(text)?.[0];
}

const letters: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
  "\n": "",
  "\\": "\\",
  "'": "'",
  '"': '"',
};

/** What a string literal stands for, with Python's escapes; those it does not know stay as they are. */
export function unquote(literal: string): string {
  const escapes = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3})|([\s\S]))/g;
  return literal.slice(1, -1).replace(escapes, (whole, x, u, long, octal, letter) => {
    if (letter !== undefined) return letters[letter] ?? whole;
    const code =
      octal === undefined ? Number.parseInt(x ?? u ?? long, 16) : Number.parseInt(octal, 8);
    if (code > 0x10ffff) throw wrongTemplate(`${whole} is no character`);
    return String.fromCodePoint(code);
  });
}
