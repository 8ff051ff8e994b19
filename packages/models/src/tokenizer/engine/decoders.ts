/** The decoders of a tokenizer.json: how tokens become a text again. */
import { bytesOfLetters } from "./byte-letters.js";
import { lengthOf, Room } from "./room.js";
import {
  readCharacter,
  readCount,
  readFlag,
  readPattern,
  readStep,
  readSteps,
  readText,
  type Step,
  unknownStep,
} from "./step.js";

/** Tokens to texts, which are joined in the end. */
export type Decode = (tokens: readonly string[]) => readonly string[];

const encoder = new TextEncoder();
const lossy = new TextDecoder("utf-8", { ignoreBOM: true });
const strict = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/** @throws TokenizerFileError */
export function createDecoder(value: unknown): Decode {
  const room = new Room("decoder");
  const decode = createStep(value, 0, room);
  return (tokens) => {
    room.open(lengthOf(tokens));
    return decode(tokens);
  };
}

function createStep(value: unknown, depth: number, room: Room): Decode {
  if (value === null || value === undefined) return (tokens) => [tokens.join(" ")];
  const step = readStep(value, "decoder", depth);
  room.addStep();
  switch (step.type) {
    case "Sequence": {
      const steps = readSteps(step, "decoders").map((inner) => createStep(inner, depth + 1, room));
      return (tokens) =>
        steps.reduce((texts, decode) => {
          const next = decode(texts);
          room.check(lengthOf(next));
          return next;
        }, tokens);
    }
    case "ByteLevel":
      return byteLevel;
    case "ByteFallback":
      return byteFallback;
    case "Fuse":
      return (tokens) => [tokens.join("")];
    case "Metaspace":
      return metaspace(step);
    case "WordPiece":
      return wordPiece(step);
    case "BPEDecoder": {
      const suffix = readText(step, "suffix", "</w>");
      return (tokens) =>
        tokens.map((token, index) =>
          token.replaceAll(suffix, index === tokens.length - 1 ? "" : " "),
        );
    }
    case "Replace":
      return replace(step, room);
    case "Strip":
      return strip(step);
    case "CTC":
      return temporal(step);
    default:
      throw unknownStep("decoder", step);
  }
}

const byteLevel: Decode = (tokens) => {
  const bytes: number[] = [];
  for (const token of tokens) {
    for (const byte of bytesOfLetters(token) ?? encoder.encode(token)) bytes.push(byte);
  }
  return [lossy.decode(Uint8Array.from(bytes))];
};

/** Bytes that are no text together are shown one by one. */
const byteFallback: Decode = (tokens) => {
  const texts: string[] = [];
  let bytes: number[] = [];
  const flush = () => {
    if (bytes.length > 0) texts.push(...textsOf(bytes));
    bytes = [];
  };
  for (const token of tokens) {
    const digits = /^<0x([0-9A-Fa-f]{2})>$/.exec(token)?.[1];
    if (digits !== undefined) bytes.push(Number.parseInt(digits, 16));
    else {
      flush();
      texts.push(token);
    }
  }
  flush();
  return texts;
};

function textsOf(bytes: readonly number[]): readonly string[] {
  try {
    return [strict.decode(Uint8Array.from(bytes))];
  } catch {
    return bytes.map(() => "\uFFFD"); // what TextDecoder refuses
  }
}

function metaspace(step: Step): Decode {
  const mark = readCharacter(step, "replacement", "▁");
  const given = step.add_prefix_space === false ? "never" : "always";
  const never = readText(step, "prepend_scheme", given) === "never";
  return (tokens) =>
    tokens.map((token, index) => token.replaceAll(mark, index === 0 && !never ? "" : " "));
}

function wordPiece(step: Step): Decode {
  const prefix = readText(step, "prefix", "##");
  const cleans = readFlag(step, "cleanup", true);
  return (tokens) =>
    tokens.map((token, index) => {
      const follows = prefix !== "" && token.startsWith(prefix);
      const inner = follows ? token.slice(prefix.length) : ` ${token}`;
      const text = index === 0 ? token : inner;
      return cleans ? cleanUp(text, doNot) : text;
    });
}

const tidied = [" .", " ?", " !", " ,", " ' ", " n't", " 'm", " 's", " 've", " 're"] as const;

const doNot = [[" do not", " don't"]] as const;

/** Without the spaces before signs and contractions that English texts had none before. */
export function cleanUp(text: string, more: readonly (readonly [string, string])[] = []): string {
  const without = tidied.map((found) => [found, found.trim()] as const);
  const rules = [...without.slice(0, 7), ...more, ...without.slice(7)];
  return rules.reduce((changed, [found, content]) => changed.replaceAll(found, content), text);
}

function replace(step: Step, room: Room): Decode {
  const match = readPattern(step);
  const content = readText(step, "content");
  return (tokens) => {
    let length = 0;
    return tokens.map((token) => {
      const found = match(token);
      length += token.length + found.length * content.length;
      room.check(length);
      return found.length === 0 ? token : splitAndJoin(token, found, content);
    });
  };
}

function splitAndJoin(
  token: string,
  found: readonly { readonly start: number; readonly end: number }[],
  content: string,
): string {
  let [changed, at] = ["", 0];
  for (const { start, end } of found) {
    changed += token.slice(at, start) + content;
    at = end;
  }
  return changed + token.slice(at);
}

function strip(step: Step): Decode {
  const content = readText(step, "content");
  const [start, stop] = [readCount(step, "start", 0), readCount(step, "stop", 0)];
  return (tokens) =>
    tokens.map((token) => {
      const characters = [...token];
      let [from, to] = [0, characters.length];
      while (from < start && characters[from] === content) from++;
      while (characters.length - to < stop && to > 0 && characters[to - 1] === content) to--;
      return characters.slice(from, to).join("");
    });
}

/** Source: Graves et al. 2006, "Connectionist Temporal Classification": repetitions are one, and blanks none. */
function temporal(step: Step): Decode {
  const blank = readText(step, "pad_token", "<pad>");
  const space = readText(step, "word_delimiter_token", "|");
  const cleans = readFlag(step, "cleanup", true);
  return (tokens) =>
    tokens
      .filter((token, index) => token !== tokens[index - 1])
      .map((token) => token.replaceAll(blank, ""))
      .map((token) => (cleans ? cleanUp(token, doNot).replaceAll(space, " ") : token))
      .filter((token) => token !== "");
}
