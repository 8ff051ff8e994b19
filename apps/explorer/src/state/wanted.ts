/** What a run asks of the server, made of the form and the desk. */
import { InvalidArgumentError } from "@mlxterp/results";
import type { MethodInput, MethodSummary } from "../api/api.js";
import { type FormValues, missingFields, optionsOf } from "../form/values.js";
import { type Desk, inputOf, isBlank } from "./document.js";
import type { Reader } from "./reader.js";

/** A method with everything it is to be given. */
export interface Wanted {
  readonly method: MethodSummary;
  readonly desk: Desk;
  readonly values: FormValues;
  /** A task that comes along instead of a pair of prompts; empty for the prompts. */
  readonly task: string;
}

/**
 * Input and options.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) naming what is missing or cannot be read
 */
export function requestOf({ method, desk, values, task }: Wanted): {
  input: MethodInput;
  options: Record<string, unknown>;
} {
  const isTask = method.input === "pairs" && task !== "";
  const [missing] = isTask ? [] : missingFields(method.options, values);
  if (missing)
    throw new InvalidArgumentError(missing.label, undefined, `is missing: ${missing.help}.`);
  const options = optionsOf(method.options, values);
  if (isTask) return { input: { task }, options: withoutAnswers(options) };
  return { input: givenInput(method, desk), options };
}

/** A task brings its own answers. */
function withoutAnswers(options: Record<string, unknown>): Record<string, unknown> {
  const { answer: _, wrongAnswer: __, ...rest } = options;
  return rest;
}

function givenInput({ input, title }: MethodSummary, { prompt, other }: Desk): MethodInput {
  if (input === "none") return undefined;
  if (isBlank(prompt)) throw new InvalidArgumentError("prompt", "", "is empty; write one.");
  if (input === "prompts") return inputOf(prompt);
  if (other.trim() !== "") return { clean: inputOf(prompt), corrupted: other };
  const rule = `is empty; ${title} compares the prompt with another one of the same length.`;
  throw new InvalidArgumentError("other prompt", "", rule);
}

/** The same with the prompt as it is fed, changed as the desk says. */
export function withFed(
  request: ReturnType<typeof requestOf>,
  { method, desk }: Wanted,
  { input, interventions }: Awaited<ReturnType<Reader["changed"]>>,
) {
  const given = request.input;
  const isPair = typeof given === "object" && given !== null && "clean" in given;
  const fed = method.input === "prompts" ? input : isPair ? { ...given, clean: input } : given;
  return { ...request, model: desk.model, method: method.name, input: fed, interventions };
}
