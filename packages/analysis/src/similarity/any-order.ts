/** An order by chance. */
import { uniformNumbers } from "@mlxterp/mlx";
import { range } from "../shared/lists.js";

/** The numbers below `count`, always the same for the same seed. */
export function anyOrder(count: number, seed: number): number[] {
  const random = uniformNumbers(seed);
  const keyed = range(count).map((at) => ({ at, key: random() }));
  return keyed.sort((a, b) => a.key - b.key).map(({ at }) => at);
}
