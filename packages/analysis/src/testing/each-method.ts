/** For tests: something to ask of every method, and what it answers. */
import type { LanguageModel } from "@mlxterp/models";
import { fieldsOf, type InputKind, type Method, type Result } from "@mlxterp/results";
import { sweep } from "./sweeps.js";

/** A prompt of the model that comes along, and its twin with the giver exchanged. */
export const clean = "Mary and John went to the park . John gave a ball to";
export const corrupted = "Mary and John went to the park . Mary gave a ball to";

/** What completes them. */
export const question = { answer: "Mary", wrongAnswer: "John" };

/** One prompt or pair. */
const inputs: Readonly<Record<InputKind, unknown>> = {
  prompts: clean,
  pairs: { clean, corrupted },
  none: undefined,
};

const second = "Tom and Anna went to the park . Anna gave a ball to";

/** Whether a method asks what completes the prompts of a pair. */
export function comparesAnswers({ input, options }: Method): boolean {
  return input === "pairs" && fieldsOf(options).some(({ name }) => name === "answer");
}

/** Methods that differ in kind: of prompts, of pairs and of nothing; by patches, slopes, edges and training. */
const differing: readonly string[] = ["lens", "patch", "atp", "edges", "heads", "das"];

/** What a claim about every method is tried on. */
export function sweptMethods(methods: readonly Method[]): readonly Method[] {
  const [few, others] = [true, false].map((wanted) =>
    methods.filter(({ name }) => differing.includes(name) === wanted),
  );
  return sweep([...few, ...others], few.length);
}

/** Two of each, with answers of their own. Pairs are equally long: some methods have an axis of positions. */
const lists: Readonly<Record<InputKind, { input: unknown; answers: Record<string, string[]> }>> = {
  prompts: {
    input: [second, "the capital of France is"],
    answers: { answer: ["Tom", "Paris"], wrongAnswer: ["Anna", "Rome"], subject: ["park", "France"] }, // biome-ignore format: one object
  },
  pairs: {
    input: {
      clean: [clean, second],
      corrupted: [corrupted, "Tom and Anna went to the park . Tom gave a ball to"],
    },
    answers: { answer: ["Mary", "Tom"], wrongAnswer: ["John", "Anna"] },
  },
  none: { input: ["Ivy had cake Ivy had cake", "the key is the key is"], answers: {} },
};

/** Fewer runs than a reader would want, where there are many. */
const cheap: Readonly<Record<string, Record<string, unknown>>> = {
  circuit: { random: 2, fractions: [0.01, 0.1, 1], minimality: 2, completeness: 1 },
  acdc: { threshold: 1 },
  scan: { top: 2, random: 2 },
  das: { steps: 2, layers: [2], nulls: 1 },
  steer: { layers: [1], nulls: 1 },
  weights: { sampleTokens: 20, nulls: 2 },
  patchscope: { nulls: 1 },
  turns: {
    turns: [
      { role: "user", start: 0, end: 3 },
      { role: "user", start: 3, end: 5 },
    ],
  },
  erase: { layers: [2], nulls: 1 },
  "tuned-lens": { steps: 2 },
  tokens: { steps: 4 },
  diff: { change: "layers.1.mlp=scale(0.5)" },
};

/** Of those, what a single run takes, too. */
const { circuit: _many, acdc: _long, ...cheapOnes } = cheap;

/** Options with which a method runs a few times where it would run hundreds of times. */
export function fewRuns({ name }: Method): Record<string, unknown> {
  return { ...cheap[name] };
}

/** Options that the method cannot do without. */
function optionsOf(method: Method): Record<string, unknown> {
  const required = fieldsOf(method.options).filter((field) => field.required);
  const known: Record<string, unknown> = { ...question, heads: [[2, 1]], target: clean, subject: "park" }; // biome-ignore format: one table
  const options = Object.fromEntries(required.map(({ name }) => [name, known[name]]));
  const answered = "answer" in options ? { ...options, wrongAnswer: "John" } : options;
  return { ...answered, ...cheapOnes[method.name] };
}

/** What a method answers to one prompt or pair. */
export async function resultOf(
  model: LanguageModel,
  method: Method,
  options: Readonly<Record<string, unknown>> = {},
): Promise<Result> {
  const input = method.name === "turns" ? clean : inputs[method.input]; // it may do without, but not without anything
  return method.run(model, input as string, { ...optionsOf(method), ...options });
}

/** What a method answers to two prompts or pairs: one result, or one for each prompt. */
export async function resultsOfList(model: LanguageModel, method: Method): Promise<Result[]> {
  const { input, answers } = lists[method.input];
  const takes = new Set(fieldsOf(method.options).map(({ name }) => name));
  const named = Object.fromEntries(Object.entries(answers).filter(([name]) => takes.has(name)));
  const options = { ...optionsOf(method), ...named, ...cheap[method.name] };
  return [await method.run(model, input as string, options)].flat() as Result[];
}
