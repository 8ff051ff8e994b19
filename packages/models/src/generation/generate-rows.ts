/** The loop of every generation: one token more for each text, from cached keys and values. */
import { createChooser } from "./choosing.js";
import type { GenerativeModel } from "./generative-model.js";
import { checkOptions, type GenerateBatchOptions, type GenerationBatchStep } from "./options.js";
import { GenerationPasses, type WholePass } from "./passes.js";
import type { PromptPrefix } from "./prefix.js";
import { createStepEvaluator } from "./step-evaluation.js";
import { TextRow } from "./text-row.js";

/** One step, with what all rows save together. */
export interface RowsStep extends GenerationBatchStep {
  readonly whole: WholePass | undefined;
}

/**
 * Continues every prompt until all texts have ended. A text that has ended is fed on beside the others, so that rows
 * stay where interventions expect them.
 *
 * @param prompts checked ids; after a prefix only one row
 */
export async function* generateRows(
  model: GenerativeModel,
  prompts: readonly (readonly number[])[],
  options: GenerateBatchOptions,
  prefix?: PromptPrefix,
): AsyncGenerator<RowsStep, void, undefined> {
  checkOptions(options);
  const whole = prompts.map((ids) => [...(prefix?.ids ?? []), ...ids]);
  const rows = whole.map((ids) => new TextRow(model, ids, options));
  const passes = new GenerationPasses(model, prompts, options, prefix?.continuedBy(model));
  const choose = createChooser(whole, options);
  const compute = createStepEvaluator();
  for (let step = 0; rows.some(({ finish }) => !finish); step++) {
    options.signal?.throwIfAborted();
    const pass = step === 0 ? passes.readPrompts() : passes.readTokens(rows, step);
    const chosen = choose(pass.logits);
    const saved = pass.saved.flatMap((sites) => Object.values(sites));
    await compute([...chosen.arrays, ...saved, ...passes.cache.arrays()]);
    const factsOf = chosen.read();
    const taken = rows.map((row, index) => {
      if (row.finish) return undefined;
      const sites = pass.saved.at(index);
      return row.take(factsOf(index), sites);
    });
    yield { step, rows: taken, whole: pass.whole };
  }
}
