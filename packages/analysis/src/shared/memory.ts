/** How many patched runs fit into one pass. */
import { anatomyPart } from "@mlxterp/core";
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
  const mlpHidden = anatomyPart(anatomy, "weights")?.(0).W_in.shape[1] ?? 4 * hidden;
  const residual = length * (8 * hidden + 3 * mlpHidden);
  const attention = 2 * heads * length ** 2;
  const floats = Math.max(residual + attention, 3 * vocab); // logits come when the layers are done
  return Math.max(1, Math.floor(budget / (4 * floats)));
}
