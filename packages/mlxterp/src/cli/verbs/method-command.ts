/** A method as a verb: flags, help, data and report come from the method, and this file knows none. */
import type { LanguageModel } from "@mlxterp/models";
import { fieldsOf, type InputKind, type Method, type Result } from "@mlxterp/results";
import { UsageError } from "../arguments/failure.js";
import { flagOf, flagsOf } from "../arguments/method-options.js";
import { type OptionTable, type OptionValues, text } from "../arguments/options.js";
import { type CliPrompt, exampleSentences, isTiny, requirePrompt } from "../arguments/prompt.js";
import {
  type AskedTask,
  askedTask,
  isAskedTask,
  openTask,
  taskOptions,
} from "../arguments/task.js";
import { warnOfUnknown } from "../arguments/unknown-words.js";
import { type Command, type CommandContext, promptOptions, sharedOptions } from "./command.js";
import { bringHubFolders } from "./hub-folders.js";
import { withOtherModels } from "./other-models.js";

const inputOptions: Readonly<Record<InputKind, OptionTable>> = {
  prompts: promptOptions,
  none: promptOptions,
  pairs: {
    ...sharedOptions,
    clean: text("the prompt that gets the answer right", "prompt"),
    corrupted: text("the same with the decisive words exchanged, in as many tokens", "prompt"),
    ...taskOptions,
  },
};

type Values = OptionValues<OptionTable>;

/** What a method is given, before a model is loaded. */
interface Given {
  readonly input: CliPrompt | { clean: string; corrupted: string } | AskedTask | undefined;
  readonly options: Readonly<Record<string, unknown>>;
}

/** The verb of a method. */
export function commandOf(method: Method): Command {
  const { name, summary, input, examples = [] } = method;
  return {
    name,
    summary,
    takesPrompt: input === "prompts" ? true : input === "none" ? "optional" : false,
    options: { ...inputOptions[input], ...ownFlags(method) },
    examples,
    async run({ options: values, prompt }, context) {
      const given = givenOf(method, values, prompt);
      const model = await context.loadModel();
      return outcomeOf(method, model, await runMethod(method, model, given, context));
    },
  };
}

/** @throws UsageError for an option that would take the place of a flag of every verb, such as that of prompts as ids */
function ownFlags({ name, input, options }: Method): OptionTable {
  const own = flagsOf(options);
  const taken = Object.keys(own).find((flag) => Object.hasOwn(inputOptions[input], flag));
  if (taken === undefined) return own;
  const rule = "which the command has a meaning for already; call it something else.";
  throw new UsageError(`The method "${name}" has an option that is --${taken}, ${rule}`);
}

async function runMethod(
  method: Method,
  model: LanguageModel,
  { input, options }: Given,
  context: CommandContext,
): Promise<readonly Result[]> {
  const bar = context.progress(method.title.toLowerCase());
  const control = { signal: context.signal, onProgress: bar.update };
  try {
    const { options: brought, named } = await bringHubFolders(method, options, context);
    const own = await withOtherModels(method, brought, context);
    const { fed, asked } = isAskedTask(input)
      ? await taskInput(method, model, input, own, context)
      : { fed: fedInput(model, input, context), asked: own };
    const found: Result | readonly Result[] = await method.run(model, fed, {
      ...asked,
      ...control,
    });
    warnOfUnknownAnswers(model, own, context); // an answer that is refused is told by its error alone
    return ([found].flat() as readonly Result[]).map(named);
  } finally {
    bar.stop();
  }
}

/** Answers that all become the same token. */
function warnOfUnknownAnswers(
  { tokenizer }: LanguageModel,
  { answer, wrongAnswer }: Given["options"],
  { warn }: CommandContext,
): void {
  for (const text of [answer, wrongAnswer].flat()) {
    if (typeof text === "string" && tokenizer) warnOfUnknown(tokenizer, text, warn, "answer");
  }
}

/** A task's pairs, with its answers and metric for methods that ask for any. */
async function taskInput(
  method: Method,
  model: LanguageModel,
  input: AskedTask,
  options: Given["options"],
  { folder }: CommandContext,
) {
  const task = await openTask(model, input, folder);
  const { askedOfTask } = await import("@mlxterp/analysis"); // loads the binding
  return { fed: task.pairs, asked: askedOfTask(method, task, options) };
}

function fedInput(
  model: LanguageModel,
  input: Exclude<Given["input"], AskedTask>,
  context: CommandContext,
) {
  if (input === undefined) return undefined;
  if (typeof input === "string" || Array.isArray(input)) {
    return context.promptFor(model, input as CliPrompt);
  }
  const { clean, corrupted } = input as { clean: string; corrupted: string };
  return { clean: context.promptFor(model, clean), corrupted: context.promptFor(model, corrupted) };
}

/** What results show on a terminal, as data and as a page. */
function outcomeOf(method: Method, model: LanguageModel, results: readonly Result[]) {
  const blocks = results.flatMap((result) => method.view(result));
  const data = results.length === 1 ? results[0] : results;
  const provenance = results.map((result) => result.provenance);
  return {
    data,
    blocks,
    report: {
      title: `${method.title} of ${model.name}`,
      blocks,
      provenance: provenance.length === 1 ? provenance[0] : provenance,
    },
  };
}

/** @throws UsageError for what is missing; told before a model is loaded */
function givenOf(method: Method, values: Values, prompt: string | undefined): Given {
  const fields = fieldsOf(method.options);
  const options: Record<string, unknown> = {};
  for (const { name } of fields) {
    const value = values[flagOf(name)];
    if (value !== undefined) options[name] = value;
  }
  const required = fields.filter((field) => field.required).map(({ name }) => name);
  const task = askedTask(values, options);
  if (task) return { input: task, options };
  const { input, example } = inputOf(method, values, prompt, options);
  if (example) {
    const answers: Record<string, unknown> = {
      answer: exampleSentences.answer,
      wrongAnswer: exampleSentences.wrong,
    };
    const known = fields.filter(({ name }) => name in answers);
    if (required.includes("answer") && options.answer === undefined) {
      for (const { name } of known) options[name] ??= answers[name];
    }
  }
  const missing = required.filter((name) => options[name] === undefined);
  const names = [...missingInput(method, input), ...missing.map((name) => `--${flagOf(name)}`)];
  if (names.length === 0) return { input: input as Given["input"], options };
  const verb = method.input === "pairs" ? `${method.name} compares two prompts: ` : "";
  throw new UsageError(`${verb}${names.join(", ")} is missing.`);
}

type PartialPair = { readonly clean?: string; readonly corrupted?: string };

function inputOf(
  { input }: Method,
  values: Values,
  prompt: string | undefined,
  options: Readonly<Record<string, unknown>>,
): { input: CliPrompt | PartialPair | undefined; example: boolean } {
  const model = values.model as string | undefined;
  const tokens = values.tokens as readonly number[] | undefined;
  if (input === "pairs") {
    const { clean, corrupted } = values as PartialPair;
    const nothing = clean === undefined && corrupted === undefined && options.answer === undefined && options.wrongAnswer === undefined; // biome-ignore format: one condition
    const example = nothing && isTiny(model);
    return { input: example ? exampleSentences : { clean, corrupted }, example };
  }
  const none = prompt === undefined && tokens === undefined;
  if (none && input === "none") return { input: undefined, example: false };
  const asked = requirePrompt({ prompt, tokens, model });
  return { input: asked, example: none };
}

function missingInput({ input }: Method, given: CliPrompt | PartialPair | undefined): string[] {
  if (input !== "pairs") return [];
  const pair = given as PartialPair;
  return (["clean", "corrupted"] as const).filter((name) => !pair[name]).map((name) => `--${name}`);
}
