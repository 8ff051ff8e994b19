/** One step of the investigation: a question, what was measured, and what the numbers say. */
import type { Block } from "../cli/blocks.js";
import type { ReportSection } from "../report/sections.js";

export interface Step<T = unknown> {
  /** The key of its data in `--json`. */
  readonly name: string;
  readonly title: string;
  readonly data: T;
  readonly blocks: readonly Block[];
  /** Pictures for the report. */
  sections(): Promise<readonly ReportSection[]>;
}
