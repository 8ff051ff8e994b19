/** Repeats a pass with edited gradients until what flows back is what the edits say. */
import { evaluate, InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import type { Derivative } from "./differentiate.js";
import { editGradient, type Linearization, linearize } from "./edit-backward.js";
import type { Place } from "./places.js";

/** How far, relative to the largest gradient of a place, what flows back may be from what the edit says. */
const tolerance = 1e-5;

/**
 * Newton's method from the top: an edit that is linear is right at once; of the others at least the topmost
 * that is still wrong becomes right with each pass, since nothing above it changes any more.
 *
 * @param backward one forward and backward with given linearizations
 * @param edited the places with edits; without any there is one pass and nothing is computed
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for edits that answer the same gradient differently each time
 */
export async function settle(
  backward: (linearizations: ReadonlyMap<Place, Linearization>) => Derivative,
  edited: readonly Place[],
): Promise<Derivative> {
  let derivative = backward(new Map());
  for (let pass = 1; edited.length > 0; pass++) {
    const wrong = await firstWrong(derivative, edited);
    if (!wrong) return derivative;
    if (pass > edited.length + 1) {
      const rule = `what is given for "${wrong.context.site}" must be a function of the gradient alone, and what arrives there finite.`;
      throw new InvalidArgumentError("gradInterventions", wrong.edits, rule);
    }
    const { arriving } = derivative;
    derivative = backward(
      new Map(edited.map((place) => [place, linearize(place, arriving.get(place)!)])),
    );
  }
  return derivative;
}

async function firstWrong(
  { value, gradients, arriving, values }: Derivative,
  edited: readonly Place[],
): Promise<Place | undefined> {
  const distances = edited.map((place) => {
    const expected = editGradient(place, arriving.get(place)!);
    return distance(gradients.get(place)!, expected);
  });
  const computed = [...gradients.values(), ...arriving.values(), ...values.values()];
  await evaluate([value, ...distances, ...computed]);
  return edited.find((_, index) => !(Number(distances[index].item()) <= tolerance));
}

/** Where both are not finite they agree: what a metric that is NaN or infinite hands back says so itself. */
function distance(received: MxArray, expected: MxArray): MxArray {
  const agreed = mx.logicalAnd(isNotFinite(received), isNotFinite(expected));
  const zero = mx.zerosLike(expected);
  const difference = mx.where(agreed, zero, mx.subtract(received, expected));
  const apart = mx.max(mx.abs(difference)).astype(mx.float32);
  const size = mx.max(mx.abs(mx.where(agreed, zero, expected))).astype(mx.float32);
  return mx.divide(apart, mx.maximum(size, 1e-30)); // both zero: zero
}

function isNotFinite(x: MxArray): MxArray {
  return mx.logicalOr(mx.isnan(x), mx.isinf(x));
}
