/** How byte-level tokenizers divide texts into words, by the names that GGUF gives to that. */

/** Parts of a tokenizer.json. */
export interface TokenizerPart {
  readonly normalizer: Step | null;
  readonly pre_tokenizer: Step | null;
  readonly decoder: Step;
  readonly model: { readonly type: string; readonly [field: string]: unknown };
}

interface Step {
  readonly type: string;
  readonly [field: string]: unknown;
}

interface PreTokenizer extends Pick<TokenizerPart, "normalizer" | "pre_tokenizer"> {
  /** Whether a word of the vocabulary is a token even if no merges lead to it. */
  readonly ignoreMerges?: boolean;
}

const byteLevel = (useRegex: boolean): Step => ({
  type: "ByteLevel",
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: useRegex,
});

/** Contractions, words with one sign before them, numbers of some digits, signs, and white space. */
function words(digits: string): Step {
  const contraction = "'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]";
  const rest = String.raw`[^\r\n\p{L}\p{N}]?\p{L}+|${digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;
  const pattern = { Regex: `(?:${contraction})|${rest}` };
  const split = { type: "Split", pattern, behavior: "Isolated", invert: false };
  return { type: "Sequence", pretokenizers: [split, byteLevel(false)] };
}

const gpt2: PreTokenizer = { normalizer: null, pre_tokenizer: byteLevel(true) };
const llama3: PreTokenizer = {
  normalizer: null,
  pre_tokenizer: words(String.raw`\p{N}{1,3}`),
  ignoreMerges: true,
};
const singleDigits: PreTokenizer = {
  normalizer: null,
  pre_tokenizer: {
    type: "Sequence",
    pretokenizers: [{ type: "Digits", individual_digits: true }, byteLevel(true)],
  },
};

/** By `tokenizer.ggml.pre`. */
export const preTokenizers: Readonly<Record<string, PreTokenizer>> = {
  "gpt-2": gpt2,
  "phi-2": gpt2,
  "llama-bpe": llama3,
  llama3,
  qwen2: { normalizer: { type: "NFC" }, pre_tokenizer: words(String.raw`\p{N}`) },
  smollm: singleDigits,
  starcoder: singleDigits,
  refact: singleDigits,
};
