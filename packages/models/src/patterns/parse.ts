/** Reads the regular expressions of tokenizer.json files and adapters: the syntax of Oniguruma that looks one character far. */
import { literal, type ReadAtom, readClass, readEscape } from "./classes.js";
import { CodeSet } from "./code-set.js";
import { type PatternNode, PatternSyntaxError, type Place } from "./syntax.js";

const places: Readonly<Record<string, Place>> = {
  A: "textStart",
  z: "textEnd",
  Z: "lastLineEnd",
  b: "word",
  B: "notWord",
};
const deepest = 100;

/** @throws PatternSyntaxError for what is not implemented or not a pattern */
export function parsePattern(pattern: string): PatternNode {
  const parser = new PatternParser(pattern);
  return parser.parse();
}

class PatternParser {
  private at = 0;
  private depth = 0;
  private readonly sets = new Map<string, CodeSet>();

  constructor(private readonly pattern: string) {}

  parse(): PatternNode {
    const node = this.choice(false);
    if (this.at < this.pattern.length) throw new PatternSyntaxError("a parenthesis is not opened");
    return node;
  }

  private choice(folds: boolean): PatternNode {
    if (++this.depth > deepest) {
      throw new PatternSyntaxError(`its groups are nested more than ${deepest} deep`);
    }
    const parts = [this.sequence(folds)];
    while (this.pattern[this.at] === "|") {
      this.at++;
      parts.push(this.sequence(folds));
    }
    this.depth--;
    return parts.length === 1 ? parts[0] : { kind: "choice", parts };
  }

  private sequence(folds: boolean): PatternNode {
    const parts: PatternNode[] = [];
    while (this.at < this.pattern.length && !"|)".includes(this.pattern[this.at])) {
      parts.push(this.repeated(this.atom(folds)));
    }
    return parts.length === 1 ? parts[0] : { kind: "sequence", parts };
  }

  private set({ source, end }: ReadAtom, folds: boolean): PatternNode {
    this.at = end;
    const key = `${folds}${source}`;
    const set = this.sets.get(key) ?? new CodeSet(`[${source}]`, folds);
    this.sets.set(key, set);
    return { kind: "set", set };
  }

  private atom(folds: boolean): PatternNode {
    const { pattern, at } = this;
    const character = pattern[at];
    if (character === "(") return this.group(folds);
    if (character === "[") return this.set(readClass(pattern, at), folds);
    if (character === "\\") return this.escape(folds);
    if (character === ".") return this.set({ source: "[^\\n]", code: 0, end: at + 1 }, false);
    if (character === "^" || character === "$") {
      this.at++;
      return { kind: "place", place: character === "^" ? "lineStart" : "lineEnd" };
    }
    if ("*+?".includes(character)) throw new PatternSyntaxError("nothing is there to repeat");
    const code = pattern.codePointAt(at)!;
    return this.set({ source: literal(code), code, end: at + (code > 0xffff ? 2 : 1) }, folds);
  }

  private escape(folds: boolean): PatternNode {
    const letter = this.pattern[this.at + 1] ?? "";
    const place = Object.hasOwn(places, letter) ? places[letter] : undefined;
    if (!place) return this.set(readEscape(this.pattern, this.at), folds);
    this.at += 2;
    return { kind: "place", place };
  }

  private group(folds: boolean): PatternNode {
    const head = /^\((?:\?(?:(i)?:|(<?)([=!])|<[A-Za-z_]\w*>|P<\w+>))?/.exec(
      this.pattern.slice(this.at, this.at + 80),
    )!;
    const [opening, ignoresCase, behind, look] = head;
    this.at += opening.length;
    if (opening === "(" && this.pattern[this.at] === "?") {
      throw new PatternSyntaxError(
        `(${this.pattern.slice(this.at, this.at + 2)}…) is not implemented`,
      );
    }
    const inner = this.choice(folds || ignoresCase !== undefined);
    if (this.pattern[this.at] !== ")") throw new PatternSyntaxError("a parenthesis is not closed");
    this.at++;
    if (!look) return inner;
    if (inner.kind !== "set") {
      throw new PatternSyntaxError("it looks further than one character ahead or behind");
    }
    return { kind: "look", set: inner.set, behind: behind === "<", negated: look === "!" };
  }

  private repeated(part: PatternNode): PatternNode {
    let node = part;
    for (let count = 0; ; count++) {
      const bounds = this.bounds();
      if (!bounds) return node;
      if (count === 8) throw new PatternSyntaxError("something is repeated eight times over");
      const mark = this.pattern[this.at];
      const braced = this.pattern[this.at - 1] === "}";
      const greedy = mark !== "?";
      const possessive = mark === "+" && !braced; // {2}+ is (…{2})+ there
      if (!greedy || possessive) this.at++;
      const [least, most] = bounds;
      const repeat: PatternNode = { kind: "repeat", part: node, least, most, greedy };
      node = possessive ? this.possessive(repeat) : repeat;
    }
  }

  /** What is never given back again: a run is followed by no more of the same, and a single one is only left out where it is not there. */
  private possessive(repeat: PatternNode & { readonly kind: "repeat" }): PatternNode {
    if (repeat.part.kind !== "set") {
      throw new PatternSyntaxError("a possessive repetition of more than one character");
    }
    const { set } = repeat.part;
    const notThere: PatternNode = { kind: "look", set, behind: false, negated: true };
    if (repeat.most === 1) return { kind: "choice", parts: [repeat.part, notThere] };
    return { kind: "sequence", parts: [repeat, notThere] };
  }

  private bounds(): readonly [number, number] | undefined {
    const sign = this.pattern[this.at];
    const found = /^\{(?:(\d+)(,(\d*))?|,(\d+))\}/.exec(this.pattern.slice(this.at, this.at + 24));
    if (!found) {
      if (sign === undefined || !"*+?".includes(sign)) return undefined;
      this.at++;
      return [sign === "+" ? 1 : 0, sign === "?" ? 1 : Number.POSITIVE_INFINITY];
    }
    this.at += found[0].length;
    const [, least = "0", comma, upper, only] = found;
    const most = only ?? (comma === undefined ? least : upper);
    const bounds = [Number(least), most === "" ? Number.POSITIVE_INFINITY : Number(most)] as const;
    if (bounds[0] > bounds[1]) throw new PatternSyntaxError("a repetition has its bounds reversed");
    return bounds;
  }
}
