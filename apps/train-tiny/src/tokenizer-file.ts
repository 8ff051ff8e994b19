/** `tokenizer.json` and its companion: one token per word, split at spaces and punctuation, `<bos>` in front. */
import { maxPositions } from "./architecture.js";
import { bosId, specialTokens, tokens } from "./vocabulary.js";

const [padToken, bosToken, eosToken, unknownToken] = specialTokens;
const bosPiece = { SpecialToken: { id: bosToken, type_id: 0 } };

/** In the format of Hugging Face's `tokenizers`. */
export const tokenizerJson = {
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: specialTokens.map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })),
  normalizer: null,
  pre_tokenizer: { type: "Whitespace" },
  post_processor: {
    type: "TemplateProcessing",
    single: [bosPiece, { Sequence: { id: "A", type_id: 0 } }],
    pair: [bosPiece, { Sequence: { id: "A", type_id: 0 } }, { Sequence: { id: "B", type_id: 1 } }],
    special_tokens: { [bosToken]: { id: bosToken, ids: [bosId], tokens: [bosToken] } },
  },
  // Joins with spaces and takes away those before punctuation; no token begins with the prefix.
  decoder: { type: "WordPiece", prefix: "##", cleanup: true },
  model: {
    type: "WordLevel",
    vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
    unk_token: unknownToken,
  },
};

export const tokenizerConfigJson = {
  tokenizer_class: "PreTrainedTokenizerFast",
  model_max_length: maxPositions,
  clean_up_tokenization_spaces: true,
  pad_token: padToken,
  bos_token: bosToken,
  eos_token: eosToken,
  unk_token: unknownToken,
};
