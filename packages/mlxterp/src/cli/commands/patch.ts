/** `mlxterp patch`: which activations carry the difference between two prompts. */
import { defineCommand, sharedOptions } from "../command.js";
import { UsageError } from "../failure.js";
import { choice, choices, text, toggle } from "../options.js";
import { patchBlocks } from "../patch-blocks.js";
import { answerFor, exampleSentences, isTiny } from "../prompt.js";

const kinds = ["residual", "attention", "mlp", "head"] as const;
const metrics = ["logitDifference", "probability", "logProbability"] as const;

export const patch = defineCommand({
  name: "patch",
  summary: "Activation patching: what restores a clean prompt's answer in a corrupted one",
  takesPrompt: false,
  options: {
    ...sharedOptions,
    clean: text("the prompt that gets the answer right", "prompt"),
    corrupted: text("the same with the decisive words exchanged, in as many tokens", "prompt"),
    answer: text("the clean prompt's answer, one token", "token"),
    wrong: text("the corrupted prompt's answer, to compare with", "token"),
    kind: choices("what is patched; default all four", kinds),
    metric: choice("default logitDifference with --wrong, else logProbability", metrics),
    noising: toggle("patch corrupted activations into the clean run instead"),
  },
  examples: [
    "--kind residual,head",
    "--clean 'the capital of France is' --corrupted 'the capital of Italy is' --answer Paris --wrong Rome",
  ],
  async run({ options }, context) {
    const pair = requirePair(options);
    const model = await context.loadModel();
    const { activationPatching } = await import("@mlxterp/analysis");
    const bar = context.progress("patching");
    const result = await activationPatching(model, {
      clean: context.promptFor(model, pair.clean),
      corrupted: context.promptFor(model, pair.corrupted),
      answer: answerFor(model, pair.answer, pair.clean),
      ...(pair.wrong !== undefined && {
        wrongAnswer: answerFor(model, pair.wrong, pair.corrupted),
      }),
      sites: options.kind ?? kinds,
      metric: options.metric,
      direction: options.noising ? "noising" : "denoising",
      signal: context.signal,
      onProgress: bar.update,
    }).finally(bar.stop);
    const blocks = patchBlocks(result);
    return {
      data: result,
      blocks,
      report: {
        title: `Activation patching of ${model.name}`,
        blocks,
        provenance: result.provenance,
      },
    };
  },
});

interface Pair {
  readonly clean: string;
  readonly corrupted: string;
  readonly answer: string;
  readonly wrong?: string;
}

interface PairOptions extends Partial<Pair> {
  readonly model: string | undefined;
}

function requirePair({ model, clean, corrupted, answer, wrong }: PairOptions): Pair {
  const missing = Object.entries({ clean, corrupted, answer }).filter(([, value]) => !value);
  if (clean && corrupted && answer) return { clean, corrupted, answer, wrong };
  if (missing.length === 3 && wrong === undefined && isTiny(model)) return exampleSentences;
  const names = missing.map(([name]) => `--${name}`).join(", ");
  throw new UsageError(`patch compares two prompts: ${names} is missing.`);
}
