/** The form of a command: its options as data, so that help needs no model and no binding, and what it does. */
import type { LanguageModel, LoadOptions } from "@mlxterp/models";
import type { Block } from "@mlxterp/results";
import type { PageContent } from "../../report/page.js";
import { modelOptions } from "../arguments/model-options.js";
import {
  choices,
  type OptionTable,
  type OptionValues,
  text,
  toggle,
  tokenIds,
} from "../arguments/options.js";
import type { CliPrompt } from "../arguments/prompt.js";
import type { ProtocolStreams } from "../terminal/io.js";
import type { Progress } from "../terminal/progress.js";
import type { Screen, TextStyle } from "../terminal/screen.js";

/** Options that every command has. Most have those of `sharedOptions`. */
export const outputOptions = {
  json: toggle("print data only"),
  out: text("also write a file: .html a report to act in, .svg or .png pictures, .json or .csv the data, .txt what is shown", "file"), // biome-ignore format: one option
  look: choices("of .svg and .png: light or dark, for a screen or paper; default light,screen", ["light", "dark", "screen", "paper"]), // biome-ignore format: one option
  force: toggle("let --out replace a file"),
  debug: toggle("show where an error comes from"),
} as const;

/** Options of every command that takes prompts of its own kind. */
export const sharedOptions = {
  ...modelOptions,
  chat: toggle("the prompt is a user's turn: write it with the model's chat template"),
  ...outputOptions,
} as const;

/** Options of commands that take one prompt. */
export const promptOptions = {
  ...sharedOptions,
  tokens: tokenIds("the prompt as token ids, such as 2,0,1"),
} as const;

/** What a command works with besides its options. */
export interface CommandContext {
  readonly signal: AbortSignal;
  /** Against which relative paths are resolved. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What a protocol is spoken over. Default: the process's own streams. */
  readonly protocol: ProtocolStreams | undefined;
  readonly screen: Screen;
  /** Whether nothing may be downloaded; undefined where the environment says. */
  readonly offline: boolean | undefined;
  /** Whether only data may go to standard output. */
  readonly json: boolean;
  /** Shows blocks at once, for commands that go step by step; does nothing when only data is wanted. */
  print(...blocks: Block[]): void;
  /** Writes text as it comes, made visible, for streaming; does nothing when only data is wanted. */
  write(text: string, style?: TextStyle): void;
  /** Says something on standard error that does not stop the work. */
  warn(text: string): void;
  /** Progress on standard error. */
  progress(label: string): Progress;
  /**
   * The model of the invocation, loaded as its options say; `--model` unless another source is given. One that computes
   * nothing is `lazy`.
   */
  loadModel(source?: string, given?: Pick<LoadOptions, "lazy">): Promise<LanguageModel>;
  /**
   * A prompt as the model takes it: without a tokenizer a text of numbers is a list of ids, with `--chat` a text is a
   * user's turn. Warns of words that the vocabulary lacks.
   */
  promptFor(model: LanguageModel, prompt: CliPrompt): CliPrompt;
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
  /** Whether it takes a prompt as a word; where one is needed, it is also read from standard input. */
  readonly takesPrompt: boolean | "optional";
  /** What the word is, in help. Default: `prompt`. */
  readonly word?: string;
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
