/** The invariant of generation: a cache saves work and changes nothing. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { KeyValueCache } from "../decoder/cache.js";
import { type Comparison, measure } from "./comparison.js";
import type { Invariant } from "./invariant.js";

/** Half of the prompt at once, then token by token, against one pass over everything. */
export const cachedIsRecomputed: Invariant = {
  name: "cached generation",
  statement: "logits step by step with a cache = logits of one full pass",
  exact: false,
  async measure({ model, ids, short }) {
    const full = model.module.forward(mx.array([[...ids]], mx.int32)); // (batch, position, vocab)
    const cache = new KeyValueCache();
    const step = (from: number, to: number): Comparison => {
      const tokens: MxArray = mx.array([ids.slice(from, to)], mx.int32);
      const received = model.module.forward(tokens, { cache });
      const expected = full.index(mx.Slice(), mx.Slice(from, to));
      return { where: to - from > 1 ? "prompt" : `position ${from}`, received, expected };
    };
    const later = ids.slice(short.length).map((_, index) => short.length + index);
    return measure([
      step(0, short.length),
      ...later.map((position) => step(position, position + 1)),
    ]);
  },
};
