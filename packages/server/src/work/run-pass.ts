/** One pass whose chosen activations are kept, and given by reference. */
import { dtypeName } from "@mlxterp/mlx";
import type { RunRequest } from "../wire/requests.js";
import type { Caller } from "./caller.js";
import { changedModel } from "./changed-model.js";
import { InputReader } from "./prompts.js";
import { onDevice, type Workplace } from "./workplace.js";

/** An activation that is kept for a while. */
export interface SavedActivation {
  readonly site: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly reference: string;
}

/** @throws BudgetExceededError (`BUDGET_EXCEEDED`) before anything is computed, and what `model.run` throws */
export async function runPass(
  workplace: Workplace,
  model: string,
  { input, save, interventions }: RunRequest,
  caller: Caller,
): Promise<SavedActivation[]> {
  const { limits, tensors, models } = workplace;
  const base = await models.open(model);
  return onDevice(workplace, caller, async ({ signal }) => {
    const ids = new InputReader(base, limits.tokens).one(input);
    const view = changedModel(base, interventions);
    using cache = await view.run([ids], { save, budget: limits.tensorBytes / 2 });
    const saved: SavedActivation[] = [];
    for (const [site, array] of cache) {
      signal.throwIfAborted();
      const reference = await tensors.keep(site, array);
      saved.push({ site, shape: [...array.shape], dtype: dtypeName(array.dtype), reference });
    }
    return saved;
  });
}
