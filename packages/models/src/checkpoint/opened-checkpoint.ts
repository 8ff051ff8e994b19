/** A checkpoint whose headers have been read. */
import type { DecoderConfig } from "../decoder/config/config.js";
import type { TextTokenizer } from "../tokenizer/tokenizer.js";
import type { CheckpointFiles } from "./files/checkpoint-files.js";
import type { TensorSource } from "./files/tensor-source.js";
import type { Packing } from "./quantization/packing-config.js";
import type { WeightTable } from "./table/weight-table.js";
import type { Unwrapped } from "./wrappers/unwrap.js";

/** Everything about a checkpoint but its numbers. */
export interface OpenedCheckpoint {
  readonly folder: string;
  /** The file to name where the configuration is meant. */
  readonly config: string;
  /** As a family reads it. */
  readonly json: unknown;
  readonly files: Pick<CheckpointFiles, "tensors" | "weights" | "absent">;
  readonly packing: Packing | undefined;
  /** Where names are not those of the family. */
  readonly table: ((config: DecoderConfig) => WeightTable) | undefined;
  /** The config.json as it is written; absent where there is none, and then nothing can be saved. */
  readonly configText: string | undefined;
  readonly source: TensorSource;
  /** Where the language model is a part of the checkpoint. */
  readonly unwrapped?: Unwrapped;
  /** What is left out, and why. */
  readonly notes: readonly string[];
  /** Made when it is asked for; undefined where there is none. */
  readonly tokenizer: () => TextTokenizer | undefined;
}
