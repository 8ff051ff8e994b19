/** What tracing a forward costs, against the same forward untraced and written by hand. */
import { evaluate, mx } from "@mlxterp/mlx";
import { bareForward } from "./bare-forward.js";
import type { Line, Settings } from "./measurement.js";
import { gpt2Shaped, someTokens } from "./network.js";
import { interleave, ratio } from "./pairs.js";

/** Prompts of a batch. */
const rows = 8;

export async function* passes({ tokens, rounds }: Settings): AsyncGenerator<Line> {
  const model = gpt2Shaped();
  const bare = bareForward(model.module);
  const ids = [someTokens(tokens)];
  const array = model.tokens(ids).array;
  const apart = mx.max(mx.abs(mx.subtract(bare(array), model.module.forward(array)))).item();
  const difference = "bare and our logits, largest absolute difference";
  yield { what: difference, value: Number(apart).toExponential(1) };
  const times = await interleave(
    {
      bare: () => evaluate([bare(array)]),
      untraced: () => evaluate([model.module.forward(array)]),
      traced: async () => {
        await using trace = model.trace(ids);
        trace.output.save();
        trace.saveAll("layers.*", "layers.*.residMid", "embedTokens");
      },
    },
    rounds,
  );
  yield {
    what: "untraced / bare hand-written forward",
    value: ratio(times.untraced, times.bare).toFixed(3),
    goal: "≤ 1.03",
  };
  const batch = model.tokens(Array.from({ length: rows }, () => someTokens(tokens))).array;
  const many = await interleave(
    {
      bare: () => evaluate([bare(batch)]),
      untraced: () => evaluate([model.module.forward(batch)]),
    },
    Math.max(3, Math.ceil(rounds / 3)),
  );
  yield {
    what: `the same with ${rows} rows`,
    value: ratio(many.untraced, many.bare).toFixed(3),
    goal: "≤ 1.03",
  };
  yield {
    what: "traced, every residual site saved / untraced",
    value: ratio(times.traced, times.untraced).toFixed(3),
    goal: "≤ 1.05",
  };
}
