/** What a family makes of a config: a module that has no weights yet, and how it becomes a model. */
import type { InterpretableModelCore } from "@mlxterp/core";
import type { Module } from "@mlxterp/mlx";
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import type { WeightTable } from "../checkpoint/table/weight-table.js";
import type { GenerationDefaults } from "../generation/defaults.js";
import type { LanguageModel } from "../language-model/language-model.js";
import type { TextTokenizer } from "../tokenizer/tokenizer.js";

/** A module, its weights' names, and how it becomes a model once its weights are in. */
export interface BuiltModule {
  readonly module: Module;
  readonly weights: WeightTable;
  open(parts: LoadedParts): InterpretableModelCore<Module>;
}

/** What a checkpoint has besides config and weights. */
export interface LoadedParts {
  readonly name: string;
  readonly tokenizer: TextTokenizer | undefined;
  readonly eosTokens: readonly number[];
  readonly generationDefaults: GenerationDefaults;
  /** What saving needs to know; absent where the files are not in the family's own layout. */
  readonly checkpoint?: Checkpoint<LanguageModel>;
  /** What was left out. */
  readonly notes?: readonly string[];
}
