/** What a family is: a reader of its config.json and a table of its weights' names. */
import type { BuiltModule } from "../../building/built-module.js";
import type { TensorEntry } from "../../checkpoint/files/safetensors-header.js";
import type { GgufArchitecture } from "../../checkpoint/gguf/gguf-architecture.js";
import type { WeightTable } from "../../checkpoint/table/weight-table.js";
import type { DecoderConfig } from "../../decoder/config/config.js";
import type { Headable } from "../../heads/headable.js";

/** One architecture of published checkpoints that the decoder covers. */
export interface Family {
  /** As in `config.json`. */
  readonly modelType: string;
  /**
   * Translates a `config.json`.
   *
   * @param file its name, for messages
   * @throws UnsupportedConfigError (`UNSUPPORTED_CONFIG`) for any value whose computation is not implemented
   */
  describe(json: unknown, file: string): DecoderConfig;
  /** A function where fused tensors are split by the numbers of heads. */
  readonly weights: WeightTable | ((config: DecoderConfig) => WeightTable);
  /** How GGUF files have it; absent where they cannot be read. */
  readonly gguf?: GgufArchitecture;
}

/** A family's names for one config. */
export function weightsOf({ weights }: Family, config: DecoderConfig): WeightTable {
  return typeof weights === "function" ? weights(config) : weights;
}

/** One architecture with a module of its own. */
export interface ModuleFamily {
  /** As in `config.json`. */
  readonly modelType: string;
  readonly kind: "encoder" | "encoder-decoder" | "recurrent" | "streams" | "vision";
  /**
   * Makes the module of a `config.json`, without weights.
   *
   * @param file its name, for messages
   * @param tensors those of the checkpoint, where they say what a config.json leaves open
   * @throws UnsupportedConfigError (`UNSUPPORTED_CONFIG`) for any value whose computation is not implemented
   */
  build(json: unknown, file: string, tensors?: readonly TensorEntry[]): BuiltModule;
  /** The layers of a `config.json` for another head; absent where none can stand on them. */
  headable?(json: unknown, file: string): Headable;
}
