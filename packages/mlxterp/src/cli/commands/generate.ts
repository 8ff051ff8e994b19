/** `mlxterp generate`: continue a prompt, token by token, perhaps steered or changed. */
import type { GenerationStep, LanguageModel } from "@mlxterp/models";
import { type Block, paragraph } from "../blocks.js";
import { type CommandContext, defineCommand, promptOptions } from "../command.js";
import { interveneOption, readInterventions } from "../interventions.js";
import { formatPercent } from "../numbers.js";
import { integer, number, texts, toggle } from "../options.js";
import { promptFor, requirePrompt, tokensBlock, tokenTexts } from "../prompt.js";
import { paint } from "../screen.js";
import { steeringInterventions, steerOption } from "../steering.js";

export const generate = defineCommand({
  name: "generate",
  summary: "Continue a prompt token by token, with steering and interventions",
  takesPrompt: true,
  options: {
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
  },
  examples: [
    "'The capital of France is' --max-tokens 1",
    "'Mary and John went to the' --temperature 0.8 --seed 1",
    "--steer 'layers.1=Anna - John * 2'",
  ],
  async run({ options, prompt }, context) {
    const asked = requirePrompt({ ...options, prompt });
    const loaded = await context.loadModel(options.model);
    const model = options["ignore-end"] ? await withoutEnd(loaded) : loaded;
    const interventions = [
      await steeringInterventions(model, options.steer),
      await readInterventions(model, options.intervene),
    ];
    const edited = interventions.reduce((view, change) => view.edit(change), model);
    const { temperature, seed, stop } = options;
    const sampling = { temperature, topK: options["top-k"], topP: options["top-p"], seed };
    const tokens = model.tokens(promptFor(model, asked)).ids[0];
    const pieces = tokenTexts(model, tokens);
    context.print(tokensBlock(pieces));
    const generated = edited.generate(tokens, {
      ...sampling,
      stop,
      signal: context.signal,
      maxTokens: options["max-tokens"] ?? 20,
    });
    const steps = await stream(generated, model, tokens, context);
    const continuation = steps.map(({ text }) => text).join("");
    const data = {
      model: model.name,
      prompt: { ids: tokens, pieces },
      sampling,
      steer: options.steer,
      interventions: options.intervene,
      text: continuation,
      steps,
      finish: steps.at(-1)?.finish,
    };
    return {
      data,
      blocks: summaryBlocks(steps),
      report: {
        title: `Generation by ${model.name}`,
        sections: async () =>
          (await import("../../report/generate.js")).generateSections(
            pieces,
            tokenTexts(
              model,
              steps.map(({ token }) => token),
            ),
            steps,
          ),
      },
    };
  },
});

/** The same model without tokens that end a text. */
async function withoutEnd(model: LanguageModel): Promise<LanguageModel> {
  const { LanguageModel: Model } = await import("@mlxterp/models");
  const { module, config, tokenizer, name } = model;
  return new Model(module, { config, tokenizer, name, eosTokens: [] });
}

/** Shows tokens as they come; ids for a model without a tokenizer. */
async function stream(
  generated: AsyncIterable<GenerationStep>,
  { tokenizer }: LanguageModel,
  prompt: readonly number[],
  { write, screen }: CommandContext,
): Promise<GenerationStep[]> {
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

const endings: Readonly<Record<NonNullable<GenerationStep["finish"]>, string>> = {
  eos: "the model ended the text",
  stop: "a stop text came",
  maxTokens: "that is the number asked for (--max-tokens)",
  maxPositions: "the model takes no longer sequence",
};

function summaryBlocks(steps: readonly GenerationStep[]): Block[] {
  const mean = steps.reduce((sum, step) => sum + step.logProbability, 0) / steps.length;
  const finish = steps.at(-1)?.finish;
  const why = finish ? `; ${endings[finish]}` : "";
  return [
    paragraph(
      `${steps.length} tokens, each with a probability of ${formatPercent(Math.exp(mean))} in the geometric mean${why}.`,
      "dim",
    ),
  ];
}
