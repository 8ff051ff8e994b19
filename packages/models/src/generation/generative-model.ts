/** What generation asks of a model, whatever its architecture. */
import type { InterpretableModelCore } from "@mlxterp/core";
import type { Module, MxArray } from "@mlxterp/mlx";

/** What a model remembers of the tokens it has seen. */
export interface GenerationCache {
  /** Positions seen so far. */
  readonly length: number;
  /** Everything held, to be evaluated together with what a step computes. */
  arrays(): MxArray[];
}

type Interpretable = InterpretableModelCore<Module>;

/** A model whose forward takes `{ cache, lastOnly }` and whose output is logits, (batch, position, vocab). */
export interface GenerativeModel
  extends Pick<Interpretable, "tokens" | "tokenizer" | "anatomy" | "collectLazily"> {
  /** The ids that end a text. */
  readonly eosTokens: readonly number[];
  createCache(): GenerationCache;
}
