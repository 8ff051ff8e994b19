/** Greedy generation written by hand around a hand-written forward. */
import { evaluate, mx } from "@mlxterp/mlx";
import { BareCache } from "./bare-cache.js";
import type { BareForward } from "./bare-forward.js";

/** Yields one token after the other, without end. */
export async function* bareLoop(
  forward: BareForward,
  prompt: readonly number[],
): AsyncGenerator<number, never> {
  const cache = new BareCache();
  let next = mx.array([[...prompt]], mx.int32);
  for (;;) {
    const choice = mx.argmax(forward(next, cache).reshape([-1]));
    // As ours: releasing first keeps cached arrays writable in place, and nothing grows from step to step.
    await evaluate([choice, ...cache.arrays()]);
    const token = Number(choice.item());
    yield token;
    next = mx.array([[token]], mx.int32);
  }
}
