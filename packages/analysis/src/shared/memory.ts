/** How many patched runs fit into one pass. */
import { anatomyPart, type LayerWeights } from "@mlxterp/core";
import type { AnalysisModel } from "./model.js";

/** More than this leaves the caches and takes longer: 336 rows of 70 tokens took a fifth more time than 64. */
const budget = 128 * 2 ** 20; // bytes

/**
 * Rows whose intermediates stay within the budget, by the widths that a layer holds at the same time.
 *
 * @param length of the prompts, in tokens
 */
export function rowsThatFit(model: AnalysisModel, length: number): number {
  const { anatomy } = model;
  const { hidden, vocab } = anatomy;
  const heads = anatomyPart(anatomy, "heads") ?? 0; // recurrent models have none
  const residual = length * (8 * hidden + 3 * mlpWidth(model));
  const attention = 2 * heads * length ** 2;
  const floats = Math.max(residual + attention, 3 * vocab); // logits come when the layers are done
  return Math.max(1, Math.floor(budget / (4 * floats)));
}

/** How many experts a token is sent to at most, as far as anybody builds them; a router does not say. */
const expertsOfToken = 8;

/** What layers of experts have besides. */
interface ExpertParts {
  readonly experts?: readonly Pick<LayerWeights, "W_in">[];
  readonly sharedExpert?: Pick<LayerWeights, "W_in">;
}

/** What an MLP holds of a token between its matrices: of experts, those that it is sent to. */
function mlpWidth({ anatomy }: AnalysisModel): number {
  const weights: (LayerWeights & ExpertParts) | undefined = anatomyPart(anatomy, "weights")?.(0);
  if (!weights) return 4 * anatomy.hidden;
  const { experts, sharedExpert } = weights;
  if (!experts?.length) return weights.W_in.shape[1];
  const shared = sharedExpert?.W_in.shape[1] ?? 0;
  return shared + Math.min(experts.length, expertsOfToken) * experts[0].W_in.shape[1];
}
