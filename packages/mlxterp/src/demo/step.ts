/** One step of the investigation: a question, what was measured, and what the numbers say. */
import type { Block } from "@mlxterp/results";

export interface Step<T = unknown> {
  /** The key of its data in `--json`. */
  readonly name: string;
  readonly title: string;
  readonly data: T;
  readonly blocks: readonly Block[];
  /** Where its numbers come from, if a method of analysis says so. */
  readonly provenance?: unknown;
}
