/**
 * Finds the matches of a compiled pattern by following all of its ways at once, in the order in which backtracking would
 * try them. Source: Pike's algorithm; Cox 2009, "Regular Expression Matching: the Virtual Machine Approach".
 */
import { CodeSet } from "./code-set.js";
import type { Instruction } from "./program.js";
import type { Place } from "./syntax.js";

/** A match: text.slice(start, end). */
export interface Match {
  readonly start: number;
  readonly end: number;
}

/** Thrown where a search would take longer than texts of its length may. */
export class PatternBudgetError extends Error {}

const wordCharacters = new CodeSet("[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200C\\u200D]");

/** Ways through the program, in order of preference. */
class Ways {
  readonly steps: Int32Array;
  readonly starts: Int32Array;
  private readonly places: Int32Array;
  count = 0;

  constructor(size: number) {
    this.steps = new Int32Array(size);
    this.starts = new Int32Array(size);
    this.places = new Int32Array(size);
  }

  has(step: number): boolean {
    const place = this.places[step];
    return place < this.count && this.steps[place] === step;
  }

  add(step: number, start: number): void {
    this.places[step] = this.count;
    this.steps[this.count] = step;
    this.starts[this.count] = start;
    this.count++;
  }
}

/** Searches texts with one program. */
export class PatternRunner {
  private now: Ways;
  private next: Ways;
  private readonly stack: number[] = [];
  private budget = 0;

  constructor(private readonly program: readonly Instruction[]) {
    this.now = new Ways(program.length);
    this.next = new Ways(program.length);
  }

  /** All matches in order, none inside another. */
  matchAll(text: string): Match[] {
    this.budget = 200_000 + 150 * text.length;
    const found: Match[] = [];
    let from = 0;
    let last = -1;
    while (from <= text.length) {
      const match = this.search(text, from);
      if (!match) break;
      if (match.start === match.end && match.end === last) {
        from = match.end + widthAt(text, match.end);
        continue;
      }
      found.push(match);
      last = match.end;
      from = match.end > match.start ? match.end : match.end + widthAt(text, match.end);
    }
    return found;
  }

  /** Whether all of a text is matched. */
  matchesWhole(text: string): boolean {
    this.budget = 200_000 + 150 * text.length;
    return this.search(text, 0) !== undefined;
  }

  private search(text: string, from: number): Match | undefined {
    let match: Match | undefined;
    this.now.count = 0;
    for (let at = from; ; ) {
      if (!match) this.follow(this.now, 0, at, text, at);
      if (this.now.count === 0) return match;
      const code = at < text.length ? text.codePointAt(at)! : -1;
      const after = at + (code > 0xffff ? 2 : 1);
      match = this.step(code, text, at, after) ?? match;
      if (code < 0) return match;
      at = after;
    }
  }

  /** Takes one character along every way; gives the match that ends here, if there is one. */
  private step(code: number, text: string, at: number, after: number): Match | undefined {
    const { now, next, program } = this;
    let match: Match | undefined;
    next.count = 0;
    for (let index = 0; index < now.count; index++) {
      if (--this.budget < 0) throw new PatternBudgetError();
      const instruction = program[now.steps[index]];
      if (instruction.kind === "match") {
        match = { start: now.starts[index], end: at };
        break; // ways after this one are preferred less
      }
      if (instruction.kind === "take" && code >= 0 && instruction.set.has(code)) {
        this.follow(next, now.steps[index] + 1, now.starts[index], text, after);
      }
    }
    this.now = next;
    this.next = now;
    return match;
  }

  /** Adds all that can be reached from a step without taking a character. */
  private follow(ways: Ways, first: number, start: number, text: string, at: number): void {
    const { stack, program } = this;
    stack.push(first);
    for (let step = stack.pop(); step !== undefined; step = stack.pop()) {
      if (ways.has(step)) continue;
      if (--this.budget < 0) {
        stack.length = 0;
        throw new PatternBudgetError();
      }
      ways.add(step, start);
      const instruction = program[step];
      if (instruction.kind === "split") stack.push(instruction.second, instruction.first);
      else if (instruction.kind === "jump") stack.push(instruction.to);
      else if (instruction.kind === "look" && looks(instruction, text, at)) stack.push(step + 1);
      else if (instruction.kind === "place" && isAt(instruction.place, text, at)) {
        stack.push(step + 1);
      }
    }
  }
}

const widthAt = (text: string, at: number) => ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);

function codeBefore(text: string, at: number): number | undefined {
  if (at === 0) return undefined;
  const low = text.charCodeAt(at - 1);
  const isHalf = low >= 0xdc00 && low < 0xe000 && at > 1;
  return isHalf ? text.codePointAt(at - 2) : low;
}

function looks(
  { set, behind, negated }: Instruction & { readonly kind: "look" },
  text: string,
  at: number,
): boolean {
  const code = behind ? codeBefore(text, at) : text.codePointAt(at);
  return (code !== undefined && set.has(code)) !== negated;
}

function isAt(place: Place, text: string, at: number): boolean {
  const rest = text.length - at;
  switch (place) {
    case "textStart":
      return at === 0;
    case "textEnd":
      return rest === 0;
    case "lastLineEnd":
      return rest === 0 || (rest === 1 && text[at] === "\n");
    case "lineStart":
      return at === 0 || text[at - 1] === "\n";
    case "lineEnd":
      return rest === 0 || text[at] === "\n";
    default:
      return isWordBoundary(text, at) === (place === "word");
  }
}

function isWordBoundary(text: string, at: number): boolean {
  const [before, after] = [codeBefore(text, at), text.codePointAt(at)];
  const isWord = (code: number | undefined) => code !== undefined && wordCharacters.has(code);
  return isWord(before) !== isWord(after);
}
