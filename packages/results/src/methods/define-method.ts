/** A method as data: what it takes, what it returns, how it is looked at. Every surface is a loop over methods. */
import type { z } from "zod";
import type { Block } from "../blocks/block.js";
import { plainView } from "../blocks/plain-view.js";
import { asAsked } from "../errors/as-asked.js";
import { checkOptions } from "../errors/check-options.js";
import { InvalidArgumentError } from "../errors/invalid-argument.js";
import { isCallable } from "../errors/kinds-of-values.js";
import type { Result } from "../results/result.js";

/** How far a method has come. */
export interface MethodProgress {
  readonly done: number;
  readonly total: number;
  /** What is being counted, such as `patching`. */
  readonly stage: string;
}

/** What every method takes besides its own options. */
export interface RunControl {
  /** Called after each batch. */
  readonly onProgress?: (progress: MethodProgress) => void;
  /** Stops before the next batch; the method then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Prompts as data: one or several, texts or token ids. */
export type PromptInput =
  | string
  | readonly number[]
  | readonly string[]
  | readonly (readonly number[])[];

/** Prompts that are compared position by position. */
export interface PairInput {
  readonly clean: PromptInput;
  readonly corrupted: PromptInput;
}

/**
 * What a method is given, by word:
 *
 * - `prompts`: one prompt or several
 * - `pairs`: a clean and a corrupted prompt, or several of each
 * - `none`: nothing, it makes its own; prompts may still be given
 */
export interface MethodInputs {
  readonly prompts: PromptInput;
  readonly pairs: PairInput;
  readonly none: PromptInput | undefined;
}

/** The word for what a method is given. */
export type InputKind = keyof MethodInputs;

/** Any object schema of zod. */
export type OptionsSchema = z.ZodObject;

/**
 * What `defineMethod` takes.
 *
 * @typeParam M the model it works on
 */
export interface MethodParts<
  Name extends string,
  I extends InputKind,
  S extends OptionsSchema,
  M,
  R extends Result,
> {
  /** The verb, in lower case; also `method` of its results. */
  readonly name: Name;
  readonly title: string;
  /** One line: what it finds out. */
  readonly summary: string;
  readonly input: I;
  /** Defaults, ranges, and one sentence for each (`.describe`). */
  readonly options: S;
  /** Arguments of the verb, for its help. */
  readonly examples?: readonly string[];
  /** The function itself; one result, or one for each prompt. */
  run(
    model: M,
    input: MethodInputs[I],
    options: z.input<S> & RunControl,
  ): Promise<R | readonly R[]>;
  /** How a result is looked at. */
  view(result: R): readonly Block[];
}

/** The parts as one writes them: without a view, the tables are shown. */
export type MethodDefinition<
  Name extends string,
  I extends InputKind,
  S extends OptionsSchema,
  M,
  R extends Result,
> = Omit<MethodParts<Name, I, S, M, R>, "view"> & Partial<Pick<MethodParts<Name, I, S, M, R>, "view">>; // biome-ignore format: one type

/** A method that any surface can offer: a verb, a route, a form, a tool. */
export type Method<
  Name extends string = string,
  I extends InputKind = InputKind,
  S extends OptionsSchema = OptionsSchema,
  // biome-ignore lint/suspicious/noExplicitAny: a surface holds methods of any model and result
  M = any,
  // biome-ignore lint/suspicious/noExplicitAny: see above
  R extends Result = any,
> = MethodParts<Name, I, S, M, R>;

const inputs: Readonly<Record<InputKind, true>> = { prompts: true, pairs: true, none: true };

const partNames = { name: true, title: true, summary: true, input: true, options: true, examples: true, run: true, view: true } as const; // biome-ignore format: one line

/**
 * Types a method by its own parts, and checks them: they may come from a user's plain JavaScript. Without a `view`, what was
 * fed, the notes and the tables are shown.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) naming the part that is missing or wrong
 * @example
 * const early = defineMethod({
 *   name: "early",
 *   title: "Early readout",
 *   summary: "What the model would say after one layer",
 *   input: "prompts",
 *   options: z.object({ layer: z.int().default(0).describe("which layer") }),
 *   run: async (model: AnalysisModel, prompts, { layer = 0 }): Promise<LensResult | LensResult[]> =>
 *     logitLens(model, prompts, { layers: [layer] }),
 *   view: lens.view,
 * });
 */
export function defineMethod<
  const Name extends string,
  const I extends InputKind,
  S extends OptionsSchema,
  M,
  R extends Result,
>(parts: MethodDefinition<Name, I, S, M, R>): Method<Name, I, S, M, R> {
  checkOptions<MethodDefinition<Name, I, S, M, R>>("defineMethod", parts, partNames);
  const { name, input, options, run, view = plainView } = parts;
  check(
    "name",
    name,
    typeof name === "string" && /^[a-z][a-z-]*$/.test(name),
    "a word in lower case",
  );
  for (const part of ["title", "summary"] as const) {
    check(part, parts[part], typeof parts[part] === "string" && parts[part] !== "", "a text");
  }
  check("input", input, Object.hasOwn(inputs, input), `one of ${Object.keys(inputs).join(", ")}`);
  check("options", options, isZodObject(options), "a zod object");
  check("run", run, isCallable(run), "a function (model, input, options)");
  check("view", view, isCallable(view), "a function from a result to blocks");
  const asked: typeof run = async (model, prompts, given) =>
    run.call(parts, model, asAsked(prompts), asAsked(given));
  return { ...parts, run: asked, view };
}

/** One of the class that was never made throws where its parts are asked for. */
function isZodObject(value: OptionsSchema): boolean {
  try {
    return typeof value?.shape === "object";
  } catch {
    return false;
  }
}

function check(part: string, value: unknown, right: boolean, rule: string): void {
  if (!right) throw new InvalidArgumentError(`defineMethod: ${part}`, value, `must be ${rule}.`);
}
