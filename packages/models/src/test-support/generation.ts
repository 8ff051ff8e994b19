/** Models and helpers for tests of generation. */
import type { Prompt } from "@mlxterp/core";
import type { GenerateOptions, GenerationStep } from "../generation/options.js";
import { LanguageModel, loadModel, RecurrentModel } from "../index.js";
import { referenceFolder } from "./reference-folders.js";
import { sweep } from "./sweeps.js";

/** Families with every way of knowing positions. */
const everyWay = [
  "bloom", // biases that grow with distance
  "gpt2", // learned positions
  "llama", // rotary positions
  "mistral", // a sliding window in every layer
  "gemma2", // a sliding window in every other layer
  "gpt_oss", // sinks, and a sliding window
  "deepseek_v3", // latent attention
  "mamba", // a state in place of keys and values
].map((name) => ({ name }));

/** The families that a sweep goes over; Gemma 2 has rotary positions, with and without a window. */
export const generativeFamilies = sweep(everyWay, ["gpt2", "gemma2", "deepseek_v3", "mamba"]).map(
  ({ name }) => name,
);

export function loadFamily(name: string): Promise<LanguageModel | RecurrentModel> {
  const folder = referenceFolder(`${name}/base`);
  return name === "mamba"
    ? loadModel(folder, { as: RecurrentModel })
    : loadModel(folder, { as: LanguageModel });
}

/** Token ids within every vocabulary of the checkpoints, none of them a mark. */
export function someIds(count: number, seed = 1): number[] {
  return Array.from({ length: count }, (_, index) => 3 + ((index * 37 + seed * 29) % 61));
}

/** All steps of one text. */
export async function stepsOf(
  model: Pick<LanguageModel, "generate">,
  prompt: Prompt,
  options: GenerateOptions = {},
): Promise<GenerationStep[]> {
  const steps: GenerationStep[] = [];
  for await (const step of model.generate(prompt, options)) steps.push(step);
  return steps;
}

/** All steps of several texts, row by row. */
export async function rowsOf(
  model: Pick<LanguageModel, "generateBatch">,
  prompts: readonly (readonly number[])[] | readonly string[],
  options: GenerateOptions = {},
): Promise<GenerationStep[][]> {
  const texts: GenerationStep[][] = prompts.map(() => []);
  for await (const { rows } of model.generateBatch(prompts, options)) {
    rows.forEach((step, row) => {
      if (step) texts[row].push(step);
    });
  }
  return texts;
}

export const tokensOf = (steps: readonly GenerationStep[]) => steps.map(({ token }) => token);
