/** One step of the investigation: a question, what was measured, and what the numbers say. */
import type { Block } from "../cli/blocks.js";

export interface Step<T = unknown> {
  /** The key of its data in `--json`. */
  readonly name: string;
  readonly title: string;
  readonly data: T;
  readonly blocks: readonly Block[];
  /** Pictures for the report, as SVG. */
  figures?(): Promise<readonly string[]>;
}
