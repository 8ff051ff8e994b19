/** The form of a command: its options as data, so that help needs no model and no binding, and what it does. */
import type { LanguageModel } from "@mlxterp/models";
import type { PageContent } from "../report/page.js";
import type { Block } from "./blocks.js";
import { type OptionTable, type OptionValues, text, toggle, tokenIds } from "./options.js";
import type { Progress } from "./progress.js";
import type { Screen } from "./screen.js";

/** Options that every command has. */
export const sharedOptions = {
  model: text("tiny (comes along), a folder, or a hub id; default tiny", "model"),
  json: toggle("print data only"),
  out: text("also write a self-contained HTML report", "file"),
  debug: toggle("show where an error comes from"),
} as const;

/** Options of commands that take one prompt. */
export const promptOptions = {
  ...sharedOptions,
  tokens: tokenIds("the prompt as token ids, such as 2,0,1"),
} as const;

/** What a command works with besides its options. */
export interface CommandContext {
  readonly signal: AbortSignal;
  readonly screen: Screen;
  /** Whether only data may go to standard output. */
  readonly json: boolean;
  /** Shows blocks at once, for commands that go step by step; does nothing when only data is wanted. */
  print(...blocks: Block[]): void;
  /** Writes text as it is, for streaming; does nothing when only data is wanted. */
  write(text: string): void;
  /** A progress bar on standard error, where that is a terminal. */
  progress(label: string): Progress;
  loadModel(source: string | undefined): Promise<LanguageModel>;
}

/** What a command found. */
export interface Outcome {
  /** Printed by `--json`. */
  readonly data: unknown;
  /** Printed otherwise, after what the command printed by itself. */
  readonly blocks: readonly Block[];
  readonly report: PageContent;
  /** Where the report goes when `--out` names nothing; without it there is no report then. */
  readonly defaultReport?: string;
  /** Whether the command found that something is wrong, which is exit code 1. */
  readonly failed?: boolean;
}

export interface Command<O extends OptionTable = OptionTable> {
  readonly name: string;
  readonly summary: string;
  /** Whether it takes a prompt as a word. */
  readonly takesPrompt: boolean;
  readonly options: O;
  /** Arguments after the command's name, shown by `--help`. */
  readonly examples: readonly string[];
  run(input: CommandInput<O>, context: CommandContext): Promise<Outcome>;
}

export interface CommandInput<O extends OptionTable> {
  readonly options: OptionValues<O>;
  /** The word on the command line, where there is one. */
  readonly prompt: string | undefined;
}

/** Types a command by its own options. */
export function defineCommand<const O extends OptionTable>(command: Command<O>): Command<O> {
  return command;
}
