/**
 * Causal models as small data: variables, what they depend on, how they are computed; and pairs of prompts that differ in one of them.
 *
 * A hypothesis such as «the model computes whether both flags agree, and copies the first or second word by it» says what should
 * happen when that variable alone comes from another prompt. Counterfactual pairs carry that answer with them.
 *
 * Source: Geiger et al. 2021, "Causal Abstractions of Neural Networks", arXiv 2106.02997.
 */

import { InvalidArgumentError, uniformNumbers } from "@mlxterp/mlx";
import { parseOptions } from "@mlxterp/results";
import {
  checkFunction,
  checkList,
  checkOptions,
  checkRecord,
  checkText,
  checkTexts,
  type OptionRule,
} from "@mlxterp/results/errors";
import { z } from "zod";

const counterfactualOptions = z.object({
  size: z.int().min(1).max(100_000).default(32).describe("pairs"),
  seed: z.int().min(0).default(0).describe("of their draw"),
});

/** A value of a variable. */
export type CausalValue = string | number | boolean;

/** Values by the variables' names. */
export type CausalValues = Readonly<Record<string, CausalValue>>;

/** How a variable follows from others. */
export interface CausalVariable {
  readonly from: readonly string[];
  /** From the values of `from`, in their order. */
  readonly compute: (...values: CausalValue[]) => CausalValue;
}

/** A hypothesis of how prompts are answered. */
export interface CausalModel {
  /** What a prompt is made of, and the values that each may have. */
  readonly inputs: Readonly<Record<string, readonly CausalValue[]>>;
  /** In an order in which each depends on earlier ones. */
  readonly variables: Readonly<Record<string, CausalVariable>>;
  /** Which variable is answered. */
  readonly output: string;
  /** The prompt of some inputs: a text, or ids. */
  readonly prompt: (inputs: CausalValues) => string | readonly number[];
  /** The answer of a value of the output; default the value itself. */
  readonly answer?: (value: CausalValue) => string | number;
  /** Which inputs are allowed together; default all. */
  readonly allowed?: (inputs: CausalValues) => boolean;
}

/** Pairs as `das` takes them. */
export interface Counterfactuals {
  readonly pairs: {
    readonly clean: (string | readonly number[])[];
    readonly corrupted: (string | readonly number[])[];
  };
  readonly question: {
    readonly answer: (string | number)[];
    readonly wrongAnswer: (string | number)[];
  };
}

/**
 * The value of every variable.
 *
 * @param fixed variables that are held at a value, whatever they depend on
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a variable that depends on none that comes before it
 * @example
 * const sum = {
 *   inputs: { a: [1, 2], b: [3, 4] },
 *   variables: { sum: { from: ["a", "b"], compute: (a: unknown, b: unknown) => Number(a) + Number(b) } },
 *   output: "sum",
 *   prompt: ({ a, b }: Readonly<Record<string, unknown>>) => `${a} + ${b} =`,
 * };
 * runCausalModel(sum, { a: 1, b: 3 }).sum; // 4
 */
export function runCausalModel(
  causal: CausalModel,
  inputs: CausalValues,
  fixed: CausalValues = {},
): CausalValues {
  checkCausal(causal);
  checkRecord("inputs", inputs);
  checkRecord("fixed", fixed);
  const values: Record<string, CausalValue> = { ...inputs };
  for (const [name, { from, compute }] of Object.entries(causal.variables)) {
    const missing = from.find((one) => !(one in values));
    if (missing !== undefined) {
      throw new InvalidArgumentError("variables", name, `depends on "${missing}", which is no input and comes in no earlier line.`); // biome-ignore format: one line
    }
    values[name] = name in fixed ? fixed[name] : compute(...from.map((one) => values[one]));
  }
  return values;
}

/**
 * Pairs by chance in which the base's answer changes when one variable comes from the source.
 *
 * @param variable the one that is exchanged
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a variable that does not exist, or that never changes the answer
 * @example
 * const facts = { France: "Paris", Italy: "Rome" } as Record<string, string>;
 * const capital = {
 *   inputs: { country: ["France", "Italy"] },
 *   variables: { capital: { from: ["country"], compute: (country: string | number | boolean) => facts[String(country)] } },
 *   output: "capital",
 *   prompt: ({ country }: Readonly<Record<string, unknown>>) => `the capital of ${country} is`,
 * };
 * counterfactuals(capital, "capital", { size: 1 }).pairs.clean.length; // 1
 */
export function counterfactuals(
  causal: CausalModel,
  variable: string,
  options?: z.input<typeof counterfactualOptions>,
): Counterfactuals {
  const { size, seed } = parseOptions("counterfactuals", counterfactualOptions, options);
  checkCausal(causal);
  if (!Object.hasOwn(causal.variables, checkText("variable", variable))) {
    const known = Object.keys(causal.variables).join(", ");
    throw new InvalidArgumentError(
      "variable",
      variable,
      `there is no such variable; there are ${known}.`,
    );
  }
  const random = uniformNumbers(seed);
  const found: Counterfactuals = {
    pairs: { clean: [], corrupted: [] },
    question: { answer: [], wrongAnswer: [] },
  };
  const answerOf = causal.answer ?? ((value: CausalValue) => value as string | number);
  for (let tries = 0; found.pairs.clean.length < size; tries++) {
    if (tries > 10_000 * (found.pairs.clean.length + 1)) {
      throw new InvalidArgumentError("variable", variable, "exchanging it hardly ever changes the answer."); // biome-ignore format: one line
    }
    const [base, source] = [draw(causal, random), draw(causal, random)];
    if (!base || !source) continue;
    const own = runCausalModel(causal, base);
    const changed = runCausalModel(causal, base, {
      [variable]: runCausalModel(causal, source)[variable],
    });
    const [answer, other] = [own, changed].map((values) => answerOf(values[causal.output]));
    const [clean, corrupted] = [causal.prompt(base), causal.prompt(source)];
    if (answer === other) continue;
    found.pairs.clean.push(clean);
    found.pairs.corrupted.push(corrupted);
    found.question.answer.push(answer);
    found.question.wrongAnswer.push(other);
  }
  return found;
}

function draw({ inputs, allowed }: CausalModel, random: () => number): CausalValues | undefined {
  const entries = Object.entries(inputs).map(([name, values]) => [name, values[Math.floor(random() * values.length)]]); // biome-ignore format: one line
  const drawn = Object.fromEntries(entries) as CausalValues;
  return allowed?.(drawn) === false ? undefined : drawn;
}

function checkCausal(causal: unknown): void {
  checkRecord("causal", causal);
  checkOptions<CausalModel>("causal", causal as CausalModel, {
    ...{ inputs: checkRecord, variables: checkRecord, output: checkText as OptionRule },
    ...{ prompt: checkFunction, answer: checkFunction, allowed: checkFunction },
  });
  const { inputs, variables, output, prompt } = causal as CausalModel;
  checkRecord("causal.inputs", inputs);
  for (const [name, values] of Object.entries(inputs)) checkList(`causal.inputs.${name}`, values);
  checkText("causal.output", output);
  checkFunction("causal.prompt", prompt);
  checkRecord("causal.variables", variables);
  for (const [name, variable] of Object.entries(variables)) {
    const at = `causal.variables.${name}`;
    checkRecord(at, variable);
    checkOptions<CausalVariable>(at, variable, { from: true, compute: true });
    checkTexts(`${at}.from`, variable.from);
    checkFunction(`${at}.compute`, variable.compute);
  }
}
