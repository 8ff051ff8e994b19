/** A method of a request: inputs read, options checked, paths confined, and the method run in turn. */
import type { LanguageModel } from "@mlxterp/models";
import { type Block, fieldsOf, type Method, parseOptions, type Result } from "@mlxterp/results";
import { InvalidRequestError } from "../errors/errors.js";
import type { Caller } from "./caller.js";
import { changedModel } from "./changed-model.js";
import { requireModest } from "./modest-options.js";
import { InputReader } from "./prompts.js";
import { methodNamed, onDevice, type Workplace } from "./workplace.js";

export interface MethodCall {
  /** The model's id. */
  readonly model: string;
  readonly method: string;
  readonly input: unknown;
  readonly options?: unknown;
  readonly interventions?: unknown;
}

/** What one result is, and how it is looked at. */
export interface Answered {
  readonly result: Result;
  readonly blocks: readonly Block[];
}

/**
 * Runs a method.
 *
 * @throws what the method throws, and everything that is refused before: see `errors.ts`
 */
export async function runMethod(
  workplace: Workplace,
  call: MethodCall,
  caller: Caller,
): Promise<Answered[]> {
  const method = methodNamed(workplace, call.method);
  const model = await workplace.models.open(call.model);
  const options = await locatedOptions(workplace, method, call.options ?? {}, caller);
  return onDevice(workplace, caller, async (control) => {
    const reader = new InputReader(model, workplace.limits.tokens);
    const { fed, asked } = reader.forMethod(method, call.input, options);
    requireInput(method, fed);
    parseOptions(method.name, method.options, { ...asked });
    requireModest(method, asked, workplace.limits, reader);
    const view = changedModel(model, call.interventions, workplace.limits.interventions);
    const found = await method.run(view, fed as never, { ...asked, ...control });
    control.signal.throwIfAborted();
    return ([found].flat() as Result[]).map((result) => ({ result, blocks: method.view(result) }));
  });
}

function requireInput({ name, input }: Method, fed: unknown): void {
  if (input === "none" || fed !== undefined) return;
  throw new InvalidRequestError("input", `is missing; ${name} takes ${input}.`);
}

/** Options whose texts name files or models, with what this server may open. */
async function locatedOptions(
  { models }: Workplace,
  method: Method,
  options: unknown,
  caller: Caller,
): Promise<Readonly<Record<string, unknown>>> {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new InvalidRequestError("options", "must be an object.");
  }
  const located = Object.entries(options);
  const all = fieldsOf(method.options);
  const fields = new Map(all.map((field) => [field.name, field.reads]));
  for (const [at, [name, value]] of located.entries()) {
    if (value !== undefined && all.some((field) => field.name === name && field.writes)) {
      throw new InvalidRequestError(`options.${name}`, "names files to write, and a server writes none; leave it to the command and to programs."); // biome-ignore format: one line
    }
    if (fields.get(name) === "files") located[at] = [name, locatedFiles(models, value)];
    if (typeof value !== "string") continue;
    if (fields.get(name) === "model") {
      const loaded: LanguageModel = await models.other(value, caller);
      located[at] = [name, loaded];
    }
  }
  return Object.fromEntries(located);
}

/** One path or several. */
function locatedFiles(models: Workplace["models"], value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => locatedFiles(models, one));
  return typeof value === "string" ? models.allowedFile(value) : value;
}
