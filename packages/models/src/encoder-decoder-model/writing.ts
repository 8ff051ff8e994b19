/** An encoder-decoder as generation sees it: a model that continues what is written, while another text is read. */
import type { RunOptions, TokenBatch } from "@mlxterp/core";
import { InvalidArgumentError, type Module, type MxArray } from "@mlxterp/mlx";
import type { EncoderDecoderCache } from "../encoder-decoder/cache.js";
import type { GenerationPassOptions, GenerativeModel } from "../generation/generative-model.js";
import type { GenerateBatchOptions } from "../generation/options.js";
import type { EncoderDecoderModel } from "./encoder-decoder-model.js";

/** @param read the texts that are read */
export function writingModel(model: EncoderDecoderModel, read: TokenBatch): GenerativeModel {
  const { array, lengths } = read;
  const given = ({ cache, lastOnly }: GenerationPassOptions) => ({
    ...{ cache: cache as EncoderDecoderCache, lastOnly, lengths },
  });
  const forward = (written: MxArray, options: GenerationPassOptions) =>
    model.module.forward(array, { ...given(options), reread: false, written });
  const module = Object.assign(Object.create(model.module) as Module, { forward });
  const collectLazily = (
    tokens: TokenBatch,
    { args: [options], ...others }: RunOptions & { args: readonly [GenerationPassOptions] },
  ) =>
    model.collectLazily(read, { ...others, args: [{ ...given(options), written: tokens.array }] });
  const { tokenizer, eosTokens, name, edits, anatomy } = model;
  return {
    ...{ module, tokenizer, eosTokens, name, edits, anatomy },
    collectLazily: collectLazily as unknown as GenerativeModel["collectLazily"],
    sites: model.sites.bind(model) as GenerativeModel["sites"],
    tokens: () => read,
    createCache: () => model.createCache(),
  };
}

/** What is about positions of a prompt that is continued. @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
export function requireWritable({ prefix, save }: GenerateBatchOptions): void {
  for (const [name, value] of Object.entries({ prefix, save })) {
    if (value === undefined) continue;
    const rule =
      "a model that reads one text and writes another does not take it. Read activations with run and `written`.";
    throw new InvalidArgumentError(name, value, rule);
  }
}
