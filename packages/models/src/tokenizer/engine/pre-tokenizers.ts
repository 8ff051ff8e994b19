/** The pre-tokenizers of a tokenizer.json: how a text is divided into words. */
import { createMatcher, type Matcher } from "../../patterns/pattern.js";
import { gpt2Words } from "../../patterns/published.js";
import { spellBytes } from "./byte-letters.js";
import { lengthOf, Room } from "./room.js";
import { type SplitBehavior, splitAt, splitBehaviors } from "./splits.js";
import {
  readCharacter,
  readCount,
  readFlag,
  readPattern,
  readStep,
  readSteps,
  readText,
  type Step,
  shown,
  TokenizerFileError,
  unknownStep,
} from "./step.js";

/** @param isFirst whether the text to be divided begins where the whole text does */
export type Divide = (text: string, isFirst: boolean) => string[];

const punctuation = "[\\p{P}!-/:-@\\[-`{-~]";

/** @throws TokenizerFileError */
export function createPreTokenizer(value: unknown): Divide {
  const room = new Room("pre-tokenizer");
  const divide = createStep(value, 0, room);
  return (text, isFirst) => {
    room.open(text.length);
    return divide(text, isFirst);
  };
}

function createStep(value: unknown, depth: number, room: Room): Divide {
  if (value === null || value === undefined) return (text) => (text === "" ? [] : [text]);
  const step = readStep(value, "pre-tokenizer", depth);
  room.addStep();
  switch (step.type) {
    case "Sequence":
      return sequence(step, depth, room);
    case "ByteLevel":
      return byteLevel(step);
    case "Metaspace":
      return metaspace(step);
    case "Split":
      return splitter(readPattern(step), behaviorOf(step), readFlag(step, "invert", false));
    case "Whitespace":
      return splitter(createMatcher("\\w+|[^\\w\\s]+"), "Removed", true);
    case "WhitespaceSplit":
      return splitter(createMatcher("\\s"), "Removed");
    case "BertPreTokenizer": {
      const words = splitter(createMatcher("\\s"), "Removed");
      const signs = splitter(native(punctuation), "Isolated");
      return (text) => words(text, false).flatMap((word) => signs(word, false));
    }
    case "Punctuation":
      return splitter(native(punctuation), behaviorOf(step, "Isolated"));
    case "Digits":
      return splitter(
        native("\\p{N}"),
        readFlag(step, "individual_digits", false) ? "Isolated" : "Contiguous",
      );
    case "CharDelimiterSplit": {
      const delimiter = readText(step, "delimiter");
      return splitter(readPattern({ pattern: { String: delimiter } }), "Removed");
    }
    case "FixedLength":
      return fixedLength(readCount(step, "length", 5));
    default:
      throw unknownStep("pre-tokenizer", step);
  }
}

/** A single character of a set, which no engine takes long to find. */
function native(set: string): Matcher {
  const expression = new RegExp(set, "gu");
  return (text) =>
    [...text.matchAll(expression)].map(({ 0: found, index }) => ({
      start: index,
      end: index + found.length,
    }));
}

function splitter(match: Matcher, behavior: SplitBehavior, inverted = false): Divide {
  return (text) => splitAt(text, match(text), behavior, inverted);
}

function behaviorOf(step: Step, otherwise?: SplitBehavior): SplitBehavior {
  const name = readText(step, "behavior", otherwise);
  const found = splitBehaviors.find((behavior) => behavior === name);
  if (found) return found;
  const known = splitBehaviors.join(", ");
  throw new TokenizerFileError(`a behavior is ${shown(name)}; there are ${known}`);
}

function sequence(step: Step, depth: number, room: Room): Divide {
  const steps = readSteps(step, "pretokenizers").map((inner) => createStep(inner, depth + 1, room));
  return (text, isFirst) => {
    let parts = text === "" ? [] : [text];
    for (const divide of steps) {
      parts = parts.flatMap((part, index) => divide(part, isFirst && index === 0));
      room.check(lengthOf(parts));
    }
    return parts;
  };
}

function byteLevel(step: Step): Divide {
  const prefixed = readFlag(step, "add_prefix_space", true);
  const match = readFlag(step, "use_regex", true) ? createMatcher(gpt2Words) : undefined;
  return (text) => {
    const whole = prefixed && !text.startsWith(" ") ? ` ${text}` : text;
    const words = match ? splitAt(whole, match(whole), "Isolated") : [whole];
    return words.map(spellBytes);
  };
}

const schemes = ["always", "first", "never"];

function metaspace(step: Step): Divide {
  const mark = readCharacter(step, "replacement", "▁");
  const given = step.add_prefix_space === false ? "never" : "always";
  const scheme = readText(step, "prepend_scheme", given);
  if (!schemes.includes(scheme)) {
    throw new TokenizerFileError(
      `a prepend_scheme is ${shown(scheme)}; there are ${schemes.join(", ")}`,
    );
  }
  const divides = readFlag(step, "split", true);
  const match = readPattern({ pattern: { String: mark } });
  return (text, isFirst) => {
    const marked = text.replaceAll(" ", mark);
    const prefixed = scheme === "always" || (scheme === "first" && isFirst);
    const whole = prefixed && !marked.startsWith(mark) ? mark + marked : marked;
    return divides ? splitAt(whole, match(whole), "MergedWithNext") : [whole];
  };
}

function fixedLength(length: number): Divide {
  if (length === 0) throw new TokenizerFileError("the length of FixedLength is 0");
  return (text) => {
    const characters = [...text];
    const parts = [];
    for (let at = 0; at < characters.length; at += length) {
      parts.push(characters.slice(at, at + length).join(""));
    }
    return parts;
  };
}
