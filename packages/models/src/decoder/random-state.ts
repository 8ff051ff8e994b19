/** The state of MLX's random numbers, which every layer moves on when it is made. */
import { mx } from "@mlxterp/mlx";

/**
 * Computes the state. Layers are made with random weights that nobody looks at once a checkpoint has replaced them; but
 * each draw adds a step to the state's graph, and one that is never computed only grows, by some kilobytes a model.
 */
export function settleRandomState(): void {
  mx.eval(mx.random.uniform(0, 1, [1]));
}
