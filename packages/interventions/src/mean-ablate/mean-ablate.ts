/** Replaces an activation by a mean: it keeps its usual size and loses what it says about this prompt. */
import type { Axes, Intervention } from "@mlxterp/core";
import {
  checkArray,
  checkList,
  checkOptions,
  checkText,
  InvalidArgumentError,
  type MxArray,
  mx,
} from "@mlxterp/mlx";
import { z } from "zod";
import { defineIntervention } from "../definition/define-intervention.js";
import { arrayField } from "../definition/fields.js";
import { brief } from "../errors.js";
import { type ActivationSource, checkSource } from "../values/activation-source.js";
import { keepDtype, requireFloating } from "../values/dtypes.js";
import { fill } from "../values/fill.js";
import { HeldArray } from "../values/held-array.js";
import type { Numbers } from "../values/numbers.js";
import { type MeanAxis, meanOver } from "./mean.js";

const meanAxes = ["batch", "position"] as const;
const overField = z.array(z.enum(meanAxes)).min(1);

/** Its data. */
export const meanAblateDefinition = defineIntervention({
  type: "meanAblate",
  fields: {
    mean: arrayField().optional(),
    over: overField.overwrite((axes) => [...new Set(axes)]).optional(),
  },
  make({ mean, over }) {
    if (mean === undefined) return ablateOwnMean(over ?? meanAxes);
    if (over !== undefined) {
      const rule = "says how to take a mean, but { mean } is given; choose one.";
      throw new InvalidArgumentError("over", over, rule);
    }
    return (x, { site }) => fill("meanAblate", mean, x, site);
  },
});

/** Which mean; give `mean` or `over`, not both. */
export interface MeanAblateOptions {
  /** The mean over a data set, of a shape that broadcasts to the site; `meanOf` makes one. */
  readonly mean?: Numbers | MxArray;
  /** Without `mean`: over what the activation itself is averaged. Prompts and positions by default. */
  readonly over?: readonly MeanAxis[];
}

/**
 * Replaces an activation by its mean (mean ablation; Wang et al. 2022, section 2).
 *
 * With `mean`, that value takes the activation's place, as in `replaceWith`. Without, the mean of this very pass does: over all
 * prompts and positions, or over one of them; padding does not count, and at `scores` and `pattern` positions are queries.
 * A generated token has nothing to be averaged with, so generation needs a given mean.
 *
 * @returns an intervention whose result has the site's shape and dtype
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for both options, or without a mean while generating; MissingAxisError
 *   (`MISSING_AXIS`) where axes have no names; ValueShapeError (`VALUE_SHAPE`) when the mean does not broadcast;
 *   ValueDtypeError (`VALUE_DTYPE`) at a site of integers
 * @example
 * const mean = meanOf(await model.run(prompts, { save: "layers.3.mlp" }), "layers.3.mlp");
 * await model.run(prompt, { interventions: { "layers.3.mlp": meanAblate({ mean }) } });
 */
export function meanAblate(options: MeanAblateOptions = {}): Intervention {
  checkOptions<MeanAblateOptions>("meanAblate", options, { mean: true, over: checkOver });
  const { mean, over } = options;
  return meanAblateDefinition.create({
    mean: mean === undefined ? undefined : new HeldArray("mean", mean),
    over: over && [...new Set(over)],
  });
}

function ablateOwnMean(over: readonly MeanAxis[]): Intervention {
  const average = meanOver(over);
  return (x, site) => {
    requireFloating("meanAblate", site.site, x.dtype);
    if (site.step !== undefined && site.step > 0) {
      const rule = `the tokens generated one by one at "${site.site}" have nothing to be averaged with. Give meanAblate({ mean }), or restrict it to the prompt: atPositions({ to: length }, …), with the number of its tokens.`;
      throw new InvalidArgumentError("mean", undefined, rule);
    }
    return mx.broadcastTo(keepDtype(x, average(x, site)), x.shape);
  };
}

function checkOver(argument: string, over: unknown): void {
  const isAxis = (name: unknown) => meanAxes.includes(name as MeanAxis);
  if (Array.isArray(over) && over.length > 0 && over.every(isAxis)) return;
  const rule = `must be a list of "batch" and "position", not ${brief(over)}.`;
  throw new InvalidArgumentError(argument, over, rule);
}

/** Options of `meanOf`. */
export interface MeanOfOptions {
  /** Over what to average. Prompts and positions by default. */
  readonly over?: readonly MeanAxis[];
  /** The site's axes; an activation of three axes is (batch, position, hidden) by default. */
  readonly axes?: Axes;
}

/**
 * The mean of a cached activation over prompts and positions, for `meanAblate({ mean })`. Padding does not count.
 *
 * @returns float32, of the site's shape with length one at the axes averaged over; lazy
 * @throws MissingAxisError (`MISSING_AXIS`) for an activation of other than three axes without `axes`
 * @example
 * meanOf(cache, "layers.3.selfAttn.z", { axes: ["batch", "position", "heads", "headDim"] }); // (1, 1, heads, headDim)
 */
export function meanOf(
  source: ActivationSource,
  site: string,
  options: MeanOfOptions = {},
): MxArray {
  checkOptions<MeanOfOptions>("meanOf", options, { over: checkOver, axes: checkList });
  checkSource(source);
  checkText("site", site);
  const x = checkArray("source", source.get(site));
  const axes = options.axes ?? (x.ndim === 3 ? ["batch", "position", "hidden"] : undefined);
  const over = options.over ? [...new Set(options.over)] : meanAxes;
  return meanOver(over)(x, { site, axes, tokens: source.tokens });
}
