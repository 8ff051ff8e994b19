/** Gradients at every residual site, against a forward and against the same derivative written by hand. */
import { evaluate, type MxArray, mx } from "@mlxterp/mlx";
import { type BareForward, bareForward, type ResidualVisit } from "./bare-forward.js";
import type { Line, Settings } from "./measurement.js";
import { gpt2Shaped, shape, someTokens } from "./network.js";
import { interleave, ratio } from "./pairs.js";

const sites = ["layers.0.input", "layers.*", "layers.*.residMid"];

/** How much more one token is expected than another. */
function difference(logits: MxArray): MxArray {
  return mx.subtract(logits.index(0, -1, 11), logits.index(0, -1, 7));
}

export async function* gradients({ tokens, rounds }: Settings): AsyncGenerator<Line> {
  const model = gpt2Shaped();
  const bare = bareForward(model.module);
  const ids = [someTokens(tokens)];
  const { array } = model.tokens(ids);
  yield { what: "gradients and bare gradients, largest difference", value: await apart() };
  const times = await interleave(
    {
      forward: () => evaluate([bare(array)]),
      bare: () => evaluate(bareGradients(bare, array)),
      ours: async () => {
        await model.gradients(ids, difference, { save: sites });
      },
    },
    rounds,
  );
  yield {
    what: "gradients at all 25 residual sites / bare forward",
    value: ratio(times.ours, times.forward).toFixed(2),
    goal: "≤ 3",
  };
  yield {
    what: "gradients at all 25 residual sites / mx.valueAndGrad by hand",
    value: ratio(times.ours, times.bare).toFixed(3),
    goal: "≤ 1.05",
  };

  async function apart(): Promise<string> {
    const { gradients } = await model.gradients(ids, difference, { save: sites });
    const byHand = bareGradients(bare, array).slice(1);
    const apart = residualNames().map((name, index) =>
      mx.max(mx.abs(mx.subtract(gradients.get(name), byHand[index]))).item(),
    );
    return Math.max(...apart.map(Number)).toExponential(1);
  }
}

/** The sites in the order of a forward. */
function residualNames(): string[] {
  const inLayer = (index: number) => [`layers.${index}.residMid`, `layers.${index}`];
  const layers = Array.from({ length: shape.layers }, (_, index) => inLayer(index));
  return ["layers.0.input", ...layers.flat()];
}

/** The value and the gradients, by zeros that are added to the residual stream at each place. */
function bareGradients(bare: BareForward, ids: MxArray): MxArray[] {
  const names = residualNames();
  const zero = mx.broadcastTo(mx.array(0), [1, ids.shape[1], shape.hidden]);
  const metric = (...added: MxArray[]): MxArray => {
    const visit: ResidualVisit = (x, site) => mx.add(x, added[names.indexOf(site)]);
    return difference(bare(ids, undefined, visit));
  };
  const places = names.map((_, index) => index);
  const [value, gradients] = mx.valueAndGrad(metric, places)(...names.map(() => zero));
  return [value, ...(gradients as unknown as MxArray[])];
}
