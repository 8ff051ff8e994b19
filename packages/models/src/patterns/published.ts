/** The patterns with which published tokenizers divide texts. JavaScript's engine never goes far back in any of them. */

/** GPT-2's words: contractions, letters, digits or signs with one space before them, and white space. */
export const gpt2Words = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;

const contractions = [
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)",
  "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])",
];
const digits = [String.raw`\p{N}`, String.raw`\p{N}{1,3}`];
const rest = String.raw` ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;
const letters = String.raw`[^\r\n\p{L}\p{N}]?\p{L}+`;
const upper = String.raw`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`;
const lower = String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}]`;
const ending = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";
const cased = [ending, ""].map(
  (end) =>
    String.raw`[^\r\n\p{L}\p{N}]?${upper}*${lower}+${end}|[^\r\n\p{L}\p{N}]?${upper}+${lower}*${end}`,
);
const slashes = String.raw` ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`;

function sources(): string[] {
  const words = contractions.flatMap((short) =>
    digits.map((digit) => `${short}|${letters}|${digit}|${rest}`),
  );
  const casedWords = cased.flatMap((word) => digits.map((digit) => `${word}|${digit}|${slashes}`));
  return [gpt2Words, ...words, ...casedWords];
}

let compiled: ReadonlyMap<string, RegExp> | undefined;

/** By their source. */
export function publishedPatterns(): ReadonlyMap<string, RegExp> {
  compiled ??= new Map(sources().map((source) => [source, new RegExp(inJavaScript(source), "gu")]));
  return compiled;
}

/** The same with Unicode's white space, and with case folded by hand. */
function inJavaScript(source: string): string {
  return source
    .replaceAll("\\s", "\\p{White_Space}")
    .replaceAll("\\S", "\\P{White_Space}")
    .replaceAll(contractions[0], contractions[1]);
}
