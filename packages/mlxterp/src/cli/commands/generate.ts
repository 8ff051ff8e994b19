/** `mlxterp generate`: continue a prompt, token by token, perhaps steered or changed. */
import type { GenerationStep, LanguageModel } from "@mlxterp/models";
import { type CommandContext, defineCommand, type Outcome, promptOptions } from "../command.js";
import { stepTable, summary } from "../generation-blocks.js";
import { interveneOption, readInterventions } from "../interventions.js";
import { integer, number, type OptionValues, texts, toggle } from "../options.js";
import { promptFor, requirePrompt, tokensBlock, tokenTexts } from "../prompt.js";
import { paint } from "../screen.js";
import { steeringInterventions, steerOption } from "../steering.js";

const options = {
  ...promptOptions,
  "max-tokens": integer("how many tokens at most; default 20", { minimum: 1 }),
  temperature: number("0, the default, takes the most likely token", { minimum: 0 }),
  "top-k": integer("sample among the k most likely tokens only", { minimum: 1 }),
  "top-p": number("sample among tokens of this joint probability", { minimum: 0, maximum: 1 }),
  seed: integer("of sampling; default 0", { minimum: 0 }),
  stop: texts("text that ends the output", "text"),
  "ignore-end": toggle("go on where the model would end the text"),
  steer: steerOption,
  intervene: interveneOption,
} as const;

type GenerateValues = OptionValues<typeof options>;

export const generate = defineCommand({
  name: "generate",
  summary: "Continue a prompt token by token, with steering and interventions",
  takesPrompt: true,
  options,
  examples: [
    "'the capital of France is' --max-tokens 1",
    "'Mary and John went to the' --temperature 0.8 --seed 1",
    "--steer 'layers.1=Anna - John * 2'",
  ],
  async run({ options: values, prompt }, context) {
    const asked = requirePrompt({ ...values, prompt });
    const model = await preparedModel(values, context);
    const ids = model.tokens(promptFor(model, asked)).ids[0];
    context.print(tokensBlock(tokenTexts(model, ids)));
    const steps = await stream(model, ids, values, context);
    return outcomeOf(model, ids, steps, values);
  },
});

/** The model with everything that shall change in it. */
async function preparedModel(
  values: GenerateValues,
  { loadModel }: CommandContext,
): Promise<LanguageModel> {
  const loaded = await loadModel(values.model);
  const model = values["ignore-end"] ? await withoutEnd(loaded) : loaded;
  const steered = model.edit(await steeringInterventions(model, values.steer));
  return steered.edit(await readInterventions(model, values.intervene));
}

/** The same model without tokens that end a text. */
async function withoutEnd(model: LanguageModel): Promise<LanguageModel> {
  const { LanguageModel: Model } = await import("@mlxterp/models");
  const { module, config, tokenizer, name } = model;
  return new Model(module, { config, tokenizer, name, eosTokens: [] });
}

function samplingOf(values: GenerateValues) {
  const { temperature, seed } = values;
  return { temperature, topK: values["top-k"], topP: values["top-p"], seed };
}

/** Shows tokens as they come; ids for a model without a tokenizer. */
async function stream(
  model: LanguageModel,
  prompt: readonly number[],
  values: GenerateValues,
  { write, screen, signal }: CommandContext,
): Promise<GenerationStep[]> {
  const { tokenizer } = model;
  const generated = model.generate(prompt, {
    ...samplingOf(values),
    stop: values.stop,
    maxTokens: values["max-tokens"] ?? 20,
    signal,
  });
  const steps: GenerationStep[] = [];
  write(paint(screen, "dim", tokenizer ? tokenizer.decode(prompt) : prompt.join(" ")));
  try {
    for await (const step of generated) {
      steps.push(step);
      write(tokenizer ? step.text : ` ${step.token}`);
    }
  } finally {
    write("\n\n"); // also when interrupted: what follows begins on a line of its own
  }
  return steps;
}

function outcomeOf(
  model: LanguageModel,
  ids: readonly number[],
  steps: readonly GenerationStep[],
  values: GenerateValues,
): Outcome {
  const pieces = tokenTexts(model, ids);
  const tokens = steps.map(({ token }) => token);
  const blocks = [summary(steps)];
  return {
    data: {
      model: model.name,
      prompt: { ids, pieces },
      sampling: samplingOf(values),
      steer: values.steer,
      interventions: values.intervene,
      text: steps.map(({ text }) => text).join(""),
      steps,
      finish: steps.at(-1)?.finish,
    },
    blocks,
    report: {
      title: `Generation by ${model.name}`,
      blocks: [tokensBlock(pieces), stepTable(steps, tokenTexts(model, tokens)), ...blocks],
    },
  };
}
