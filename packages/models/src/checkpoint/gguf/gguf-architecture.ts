/** What an architecture of GGUF is: metadata as a config.json, and the names of tensors. */
import type { DecoderConfig } from "../../decoder/config/config.js";
import type { WeightTable } from "../table/weight-table.js";
import type { GgufMetadata, GgufSetting } from "./gguf-metadata.js";

/** One architecture, which is a family of Hugging Face under other names. */
export interface GgufArchitecture {
  /** `general.architecture`. Default: the family's name. */
  readonly name?: string;
  /** Metadata that it reads, of those that other architectures must not have. */
  readonly reads?: readonly GgufSetting[];
  /** Writes the metadata as Hugging Face would. */
  config(metadata: GgufMetadata): Record<string, unknown>;
  /** Weight names; a second use of the family's own description, for heads and widths. */
  modules(config: DecoderConfig): WeightTable["modules"];
}

/** By `general.architecture`. */
export type GgufArchitectures = ReadonlyMap<string, GgufArchitecture>;
