/** The loop of every generation: one token more for each text, from cached keys and values. */
import type { MxArray } from "@mlxterp/mlx";
import { createChooser } from "./choosing.js";
import type { GenerativeModel } from "./generative-model.js";
import { checkStops, type GenerateBatchOptions, type GenerationBatchStep } from "./options.js";
import { GenerationPasses, type WholePass } from "./passes.js";
import { createStepEvaluator } from "./step-evaluation.js";
import { TextRow } from "./text-row.js";

/**
 * Continues every prompt until all texts have ended. A text that has ended is fed on beside the others, so that rows
 * stay where interventions expect them.
 *
 * @param prompts checked ids, without those of a prefix
 * @param keep takes all that a step saves in place of the rows, before it is computed, and answers with what is to be
 * computed of it
 */
export async function* generateRows(
  model: GenerativeModel,
  prompts: readonly (readonly number[])[],
  options: GenerateBatchOptions,
  keep?: (whole: WholePass) => readonly MxArray[],
): AsyncGenerator<GenerationBatchStep, void, undefined> {
  const { prefix } = options;
  checkStops(options, model.anatomy);
  const whole = prompts.map((ids) => [...(prefix?.ids ?? []), ...ids]);
  const rows = whole.map((ids) => new TextRow(model, ids, options));
  const passes = new GenerationPasses(
    model,
    prompts,
    options,
    prefix?.continuedBy(model, { interventions: options.interventions, rows: prompts.length }),
  );
  const choose = createChooser(whole, options);
  const compute = createStepEvaluator();
  for (let step = 0; rows.some(({ finish }) => !finish); step++) {
    options.signal?.throwIfAborted();
    const pass = step === 0 ? passes.readPrompts() : passes.readTokens(rows, step);
    const chosen = choose(pass.logits);
    const saved = pass.whole && !keep ? passes.savedByRow(pass.whole) : [];
    const kept = pass.whole && keep?.(pass.whole);
    const asked = kept ?? saved.flatMap((sites) => Object.values(sites));
    await compute([...chosen.arrays, ...asked, ...passes.cache.arrays()]);
    const factsOf = chosen.read();
    const facts = rows.map(({ finish }, index) => (finish ? undefined : factsOf(index)));
    if (facts.some((fact) => fact && !Number.isFinite(fact.logProbability))) {
      throw await passes.notFinite(step);
    }
    const taken = rows.map((row, index) => {
      const fact = facts[index];
      return fact && row.take(fact, saved.at(index));
    });
    yield { step, rows: taken };
  }
}
