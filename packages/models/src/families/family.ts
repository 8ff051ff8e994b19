/** What a family is: a reader of its config.json and a table of its weights' names. */
import type { DecoderConfig } from "../decoder/config.js";
import type { WeightTable } from "./weight-table.js";

/** One architecture of published checkpoints. */
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
  readonly weights: WeightTable;
}
