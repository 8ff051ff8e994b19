/** `mlxterp generate`: continue a prompt, or several, token by token, perhaps steered or changed. */

import type { GenerateBatchOptions, GenerationStep, LanguageModel } from "@mlxterp/models";
import type { Block } from "@mlxterp/results";
import { UnfitModelError } from "../arguments/failure.js";
import { interveneOption, readInterventions } from "../arguments/interventions.js";
import { integer, number, type OptionValues, texts, toggle } from "../arguments/options.js";
import { requirePrompt, tokensBlock, visibleTexts } from "../arguments/prompt.js";
import { steeringInterventions, steerOption } from "../arguments/steering.js";
import { paragraph } from "../blocks/blocks.js";
import { stepTable, summary } from "../blocks/generation-blocks.js";
import {
  type CommandContext,
  defineCommand,
  type Outcome,
  promptOptions,
} from "../verbs/command.js";

const options = {
  ...promptOptions,
  also: texts("a further prompt, continued beside the first", "text"),
  "max-tokens": integer("how many tokens at most; default 20", { minimum: 1 }),
  temperature: number("0, the default, takes the most likely token", { minimum: 0 }),
  "top-k": integer("sample among the k most likely tokens only", { minimum: 1 }),
  "top-p": number("sample among tokens of this joint probability", { minimum: 0, maximum: 1 }),
  "min-p": number("sample among tokens this near the likeliest", { minimum: 0, maximum: 1 }),
  "repetition-penalty": number("above 1 discourages tokens seen before", { minimum: 0 }),
  seed: integer("of sampling; default 0", { minimum: 0 }),
  alternatives: integer("show so many of the most likely tokens", { minimum: 1 }),
  stop: texts("text that ends the output", "text"),
  "ignore-end": toggle("go on where the model would end the text"),
  steer: steerOption,
  intervene: interveneOption,
} as const;

type GenerateValues = OptionValues<typeof options>;

/** A prompt and what was generated. */
interface Continued {
  readonly ids: readonly number[];
  readonly steps: readonly GenerationStep[];
}

export const generate = defineCommand({
  name: "generate",
  summary: "Continue prompts token by token, with steering and interventions",
  takesPrompt: true,
  options,
  examples: [
    "'the capital of France is' --max-tokens 1 --alternatives 3",
    "'Mary and John went to the' --temperature 0.8 --seed 1",
    "'Mary and John' --also 'the capital of France is'",
    "--steer 'layers.1=Anna - John * 2'",
  ],
  async run({ options: values, prompt }, context) {
    const asked = [requirePrompt({ ...values, prompt }), ...values.also];
    const model = await preparedModel(values, context);
    const prompts = asked.map((one) => model.tokens(context.promptFor(model, one)).ids[0]);
    for (const ids of prompts) context.print(tokensBlock(visibleTexts(model, ids)));
    const continued =
      prompts.length === 1
        ? [{ ids: prompts[0], steps: await stream(model, prompts[0], values, context) }]
        : await together(model, prompts, values, context);
    return outcomeOf(model, continued, values);
  },
});

/** The model with everything that shall change in it. */
async function preparedModel(
  values: GenerateValues,
  { loadModel, warn }: CommandContext,
): Promise<LanguageModel> {
  const model = await loadModel();
  if (!("generateBatch" in model)) {
    throw new UnfitModelError(`${(model as { readonly name: string }).name} fills gaps and predicts no next token, so it cannot continue a text. lens shows what it would say at each position.`); // biome-ignore format: one error
  }
  const steered = model.edit(await steeringInterventions(model, values.steer, warn));
  return steered.edit(await readInterventions(model, values.intervene));
}

function samplingOf(values: GenerateValues) {
  const { temperature, seed } = values;
  const cuts = { topK: values["top-k"], topP: values["top-p"], minP: values["min-p"] };
  return { temperature, ...cuts, repetitionPenalty: values["repetition-penalty"], seed };
}

function generationOptions(values: GenerateValues, { signal }: CommandContext) {
  return {
    ...samplingOf(values),
    stop: values.stop,
    maxTokens: values["max-tokens"] ?? 20,
    alternatives: values.alternatives,
    ignoreEos: values["ignore-end"],
    signal,
  } satisfies GenerateBatchOptions;
}

/** Shows tokens as they come; ids for a model without a tokenizer. */
async function stream(
  model: LanguageModel,
  prompt: readonly number[],
  values: GenerateValues,
  context: CommandContext,
): Promise<GenerationStep[]> {
  const { tokenizer } = model;
  const { write } = context;
  const steps: GenerationStep[] = [];
  write(givenText(model, prompt), "dim");
  try {
    for await (const step of model.generate(prompt, generationOptions(values, context))) {
      steps.push(step);
      write(tokenizer ? step.text : ` ${step.token}`);
    }
  } finally {
    write("\n\n"); // also when interrupted: what follows begins on a line of its own
  }
  return steps;
}

/** Continues all prompts at once, and shows each text when all have ended. */
async function together(
  model: LanguageModel,
  prompts: readonly (readonly number[])[],
  values: GenerateValues,
  context: CommandContext,
): Promise<Continued[]> {
  const texts = prompts.map((ids) => ({ ids, steps: [] as GenerationStep[] }));
  for await (const { rows } of model.generateBatch(prompts, generationOptions(values, context))) {
    rows.forEach((step, row) => {
      if (step) texts[row].steps.push(step);
    });
  }
  for (const { ids, steps } of texts) {
    context.write(givenText(model, ids), "dim");
    context.write(`${addedText(model, steps)}\n\n`);
  }
  return texts;
}

/** The prompt as text; its ids for a model without a tokenizer. */
function givenText({ tokenizer }: LanguageModel, ids: readonly number[]): string {
  return tokenizer ? tokenizer.decode(ids.filter((id) => id < tokenizer.vocabSize)) : ids.join(" ");
}

function addedText({ tokenizer }: LanguageModel, steps: readonly GenerationStep[]): string {
  return steps.map(({ text, token }) => (tokenizer ? text : ` ${token}`)).join("");
}

function textData(model: LanguageModel, { ids, steps }: Continued) {
  return {
    prompt: { ids, pieces: visibleTexts(model, ids) },
    text: steps.map(({ text }) => text).join(""),
    steps,
    finish: steps.at(-1)?.finish,
  };
}

/** What is shown of one text: its tokens with what else was likely, if that was asked for, and why it ended. */
function blocksOf(model: LanguageModel, { steps }: Continued, detailed: boolean): Block[] {
  const tokens = visibleTexts(
    model,
    steps.map(({ token }) => token),
  );
  return detailed ? [stepTable(steps, tokens), summary(steps)] : [summary(steps)];
}

function outcomeOf(
  model: LanguageModel,
  continued: readonly Continued[],
  values: GenerateValues,
): Outcome {
  const facts = {
    model: model.name,
    sampling: samplingOf(values),
    steer: values.steer,
    interventions: values.intervene,
  };
  const texts = continued.map((one) => textData(model, one));
  const whole = continued.flatMap((one, index) => [
    tokensBlock(texts[index].prompt.pieces),
    paragraph(givenText(model, one.ids) + addedText(model, one.steps)),
    ...blocksOf(model, one, true),
  ]);
  return {
    data: texts.length === 1 ? { ...facts, ...texts[0] } : { ...facts, texts },
    blocks: continued.flatMap((one) => blocksOf(model, one, values.alternatives !== undefined)),
    report: { title: `Generation by ${model.name}`, blocks: whole },
  };
}
