/** How far each depth is from the model's own prediction, prompt by prompt, as it is and through a lens. */
import { evaluate, toFlat } from "@mlxterp/mlx";
import type { LensTranslators } from "../lens-translators/lens-translators.js";
import { inBatches, mean } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { statesOf } from "./states.js";
import { divergences } from "./train-step.js";

/** By depth, and within it by prompt: the mean KL(final ‖ lens) over the prompt's positions, in nats. */
export interface LensDistances {
  readonly plain: readonly number[][];
  readonly tuned: readonly number[][];
}

export async function compareLenses(
  model: AnalysisModel,
  lens: LensTranslators,
  prompts: readonly number[][],
  { batchSize, signal }: { readonly batchSize: number; readonly signal?: AbortSignal | undefined },
): Promise<LensDistances> {
  const empty = () => Array.from({ length: lens.depths }, (): number[] => []);
  const found = { plain: empty(), tuned: empty() };
  for (const batch of inBatches(prompts, batchSize)) {
    const { inputs, final } = await statesOf(model, batch as number[][]);
    for (const [depth, state] of inputs.entries()) {
      signal?.throwIfAborted();
      const both = [state, lens.apply(state, depth)].map((one) => divergences(model.anatomy, one, final)); // biome-ignore format: one list
      await evaluate(both);
      const [plain, tuned] = both.map((one) => Array.from(toFlat(one), Number));
      found.plain[depth].push(...meansOf(plain, batch));
      found.tuned[depth].push(...meansOf(tuned, batch));
    }
  }
  return found;
}

/** @param values of all tokens of the prompts, one prompt after the other */
function meansOf(values: readonly number[], prompts: readonly (readonly number[])[]): number[] {
  let end = 0;
  return prompts.map(({ length }) => {
    end += length;
    return mean(values.slice(end - length, end));
  });
}
