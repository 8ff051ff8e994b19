/** What generation asks of a model, whatever its architecture. */
import type { InterpretableModelCore } from "@mlxterp/core";
import type { Module, MxArray } from "@mlxterp/mlx";
import type { CacheOwner } from "../cache-owner.js";
import type { GenerationDefaults } from "./defaults.js";

/** What a model remembers of the tokens it has seen. */
export interface GenerationCache {
  /** Positions seen so far. */
  readonly length: number;
  /** Everything held, to be evaluated together with what a step computes. */
  arrays(): MxArray[];
  /** A cache that continues from here by itself; arrays are shared. */
  copy(): GenerationCache;
  /** Notes what fills it, and refuses what would go on with another computation. */
  claim(owner: CacheOwner): void;
  /** Leaves what it holds to another computation, which is meant to continue it. */
  disown(owner: CacheOwner): GenerationCache;
  /** The same for a batch, every row of which continues from here. */
  repeated(rows: number): GenerationCache;
}

/** What every pass of a generation gives to the module, after the ids. */
export interface GenerationPassOptions {
  readonly cache: GenerationCache;
  /** Whether the logits of the last position are enough. */
  readonly lastOnly: boolean;
  /**
   * How many pads stand at the left of each row; in the first pass of a batch only. What the cache already holds comes
   * behind them.
   */
  readonly padding?: readonly number[];
  /** Only where some rows of a batch have ended and may not go on counting. */
  readonly positions?: readonly (readonly number[])[];
}

type Interpretable = InterpretableModelCore<Module>;

/** A model whose forward takes `GenerationPassOptions` and whose output is logits, (batch, position, vocab). */
export interface GenerativeModel
  extends Pick<
    Interpretable,
    "tokens" | "anatomy" | "collectLazily" | "edits" | "module" | "name" | "sites"
  > {
  readonly tokenizer:
    | (NonNullable<Interpretable["tokenizer"]> & {
        encode(text: string, options?: { readonly addSpecialTokens?: boolean }): number[];
      })
    | undefined;
  /** The ids that end a text. */
  readonly eosTokens: readonly number[];
  /** What a checkpoint says where options say nothing. */
  readonly generationDefaults?: GenerationDefaults;
  /** Tells lengths apart at which a cache filled at one is of no use at the other; undefined where there are none. */
  positionRegime?(length: number): string;
  createCache(options?: { readonly sliding?: boolean }): GenerationCache;
}
