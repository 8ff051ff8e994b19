/** The normalizers of a tokenizer.json: what is changed in a text before it is divided. */
import { spellBytes } from "./byte-letters.js";
import { createCharsMap } from "./chars-map.js";
import { Room } from "./room.js";
import {
  readFlag,
  readPattern,
  readStep,
  readSteps,
  readText,
  type Step,
  TokenizerFileError,
  unknownStep,
} from "./step.js";

export type Normalize = (text: string) => string;

/** @throws TokenizerFileError */
export function createNormalizer(value: unknown): Normalize {
  const room = new Room("normalizer");
  const normalize = createStep(value, 0, room);
  return (text) => {
    room.open(text.length);
    return normalize(text);
  };
}

function createStep(value: unknown, depth: number, room: Room): Normalize {
  if (value === null || value === undefined) return (text) => text;
  const step = readStep(value, "normalizer", depth);
  room.addStep();
  switch (step.type) {
    case "Sequence": {
      const steps = readSteps(step, "normalizers").map((inner) =>
        createStep(inner, depth + 1, room),
      );
      return (text) =>
        steps.reduce((changed, normalize) => {
          const next = normalize(changed);
          room.check(next.length);
          return next;
        }, text);
    }
    case "NFC":
    case "NFD":
    case "NFKC":
    case "NFKD":
      return (text) => text.normalize(step.type);
    case "Lowercase":
      return lowercase;
    case "Strip":
      return strip(step);
    case "StripAccents":
      return (text) => text.replace(/\p{M}/gu, "");
    case "Prepend": {
      const before = readText(step, "prepend");
      if (before.length > 64) throw new TokenizerFileError("it prepends more than 64 characters");
      return (text) => (text === "" ? "" : before + text);
    }
    case "Replace":
      return replace(step, room);
    case "BertNormalizer":
      return bert(step);
    case "Precompiled":
      return createCharsMap(readText(step, "precompiled_charsmap"), room);
    case "Nmt":
      return nmt;
    case "ByteLevel":
      return spellBytes;
    default:
      throw unknownStep("normalizer", step);
  }
}

/** Letter by letter: a sigma does not know that it ends a word. */
function lowercase(text: string): string {
  return text.replaceAll("Σ", "σ").toLowerCase();
}

function strip(step: Step): Normalize {
  const [left, right] = [readFlag(step, "strip_left", false), readFlag(step, "strip_right", false)];
  return (text) => {
    const start = left ? spacesAtStart(text) : 0;
    const end = right ? Math.max(start, spacesAtEnd(text)) : text.length;
    return text.slice(start, end);
  };
}

const space = /\p{White_Space}/u;

/** Where the white space at the beginning ends. */
export function spacesAtStart(text: string, from = 0): number {
  let at = from;
  while (at < text.length && space.test(text[at])) at++;
  return at;
}

/** Where the white space before a place begins. */
export function spacesAtEnd(text: string, before = text.length): number {
  let at = before;
  while (at > 0 && space.test(text[at - 1])) at--;
  return at;
}

function replace(step: Step, room: Room): Normalize {
  const match = readPattern(step);
  const content = readText(step, "content");
  return (text) => {
    const found = match(text);
    if (found.length === 0) return text;
    const grown = found.reduce((sum, { start, end }) => sum - (end - start), text.length);
    room.check(grown + found.length * content.length);
    let [changed, at] = ["", 0];
    for (const { start, end } of found) {
      changed += text.slice(at, start) + content;
      at = end;
    }
    return changed + text.slice(at);
  };
}

/** Blocks of Chinese characters, as BERT's own code lists them. */
const chinese =
  /[\u4E00-\u9FFF\u3400-\u4DBF\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}\u{2B740}-\u{2B81F}\u{2B920}-\u{2CEAF}\uF900-\uFAFF\u{2F800}-\u{2FA1F}]/gu;

/** Source: google-research/bert, tokenization.py. */
function bert(step: Step): Normalize {
  const lower = readFlag(step, "lowercase", true);
  const clean = readFlag(step, "clean_text", true);
  const spaced = readFlag(step, "handle_chinese_chars", true);
  const bare = readFlag(step, "strip_accents", lower);
  return (text) => {
    let changed = text;
    if (clean) {
      changed = changed
        .replace(/(?![\t\n\r])[\p{Cc}\p{Cf}\p{Cn}\p{Co}\uFFFD]/gu, "")
        .replace(/\p{White_Space}/gu, " ");
    }
    if (spaced) changed = changed.replace(chinese, " $& ");
    if (bare) changed = changed.normalize("NFD").replace(/\p{Mn}/gu, "");
    return lower ? lowercase(changed) : changed;
  };
}

const isControl = (code: number) =>
  (code > 0 && code < 32 && ![9, 10, 12, 13].includes(code)) || [127, 143, 159].includes(code);

/** Source: SentencePiece's rules for translation, `nmt_nfkc`, without the compatibility forms. */
function nmt(text: string): string {
  return [...text]
    .filter((character) => !isControl(character.charCodeAt(0)))
    .join("")
    .replace(/[\t\n\f\r\u1680\u200B-\u200F\u2028\u2029\u2581\uFEFF\uFFFD]/g, " ");
}
