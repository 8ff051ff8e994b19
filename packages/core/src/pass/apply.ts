/** One intervention on one value: what it is told, and what it may return. */

import {
  brief,
  checkArray,
  checkFunction,
  type Dtype,
  dtypeName,
  dtypeNames,
  InvalidArgumentError,
  isArray,
  isFloating,
  type MxArray,
  mx,
} from "@mlxterp/mlx";
import { InterventionDtypeError, InterventionShapeError } from "../errors.js";
import { axesOf } from "../sites/axes-of.js";
import type { Site } from "../sites/site.js";
import type { PassFacts } from "./facts.js";
import type { Intervention, SiteContext } from "./intervention.js";
import { ownHandle } from "./nested.js";

/** Marks an intervention that may add rows to the batch axis; see `growsBatch`. */
const grows = Symbol.for("mlxterp.growsBatch");

/**
 * Allows an intervention to return more batch rows than it was given, so that a sweep can let patched runs
 * join the pass at the layer where they begin. Everything above then computes the larger batch.
 *
 * @example
 * const twice = growsBatch((x) => mx.concatenate([x, mx.multiply(x, 0.5)], 0));
 * (await model.run(prompt, { interventions: { "layers.2": twice } })).get("output"); // (2, position, vocab)
 */
export function growsBatch(intervention: Intervention): Intervention {
  checkFunction("intervention", intervention);
  const wrapped: Intervention = (x, site) => intervention(x, site);
  return Object.assign(wrapped, { [grows]: true });
}

/** Whether an intervention may add rows. */
export function isGrowing(intervention: Intervention): boolean {
  return grows in intervention;
}

/** Where an intervention is being applied. */
export interface Occasion {
  readonly site: Site;
  readonly call: number;
  readonly facts: PassFacts;
}

/**
 * @returns of the same shape and dtype as `x`
 * @throws InterventionShapeError (`INTERVENTION_SHAPE`), InterventionDtypeError (`INTERVENTION_DTYPE`)
 */
export function applyOne(intervention: Intervention, x: MxArray, occasion: Occasion): MxArray {
  return applyIn(contextOf(x, occasion), intervention, x);
}

/**
 * @param context what the intervention is told
 * @returns of the same shape and dtype as `x`
 * @throws InterventionShapeError (`INTERVENTION_SHAPE`)
 */
export function applyIn(context: SiteContext, intervention: Intervention, x: MxArray): MxArray {
  const given = ownHandle(x); // so that even an intervention that works in place disturbs nobody else
  const result: unknown = intervention(given, context);
  if (result === given) return given;
  const { site } = context;
  if (!isArray(result)) throw new InterventionShapeError(site, x.shape, describe(result));
  checkShape(site, x.shape, result.shape, isGrowing(intervention));
  return keepDtype(site, x.dtype, result);
}

/**
 * The result of an intervention in the dtype of its site. Rounding among floating-point kinds is what a site in half
 * precision does to every value; other losses are the intervention's own to ask for.
 *
 * @throws InterventionDtypeError (`INTERVENTION_DTYPE`) for fractions among integers, and integers in fewer bits
 * @example
 * keepDtype("layers.0", mx.float16, mx.ones([2])).dtype === mx.float16; // true
 */
export function keepDtype(site: string, dtype: Dtype, result: MxArray): MxArray {
  checkArray("result", result);
  if (result.dtype === dtype) return result;
  if (!dtypeNames.some((name) => mx[name] === dtype)) {
    throw new InvalidArgumentError("dtype", dtype, `must be a dtype of MLX, not ${brief(dtype)}.`);
  }
  const [from, to] = [result.dtype, dtype].map(capacityOf);
  const fits =
    from.kind < to.kind || (from.kind === to.kind && (to.kind > 1 || from.bits <= to.bits));
  if (fits) return result.astype(dtype);
  throw new InterventionDtypeError(site, dtypeName(dtype), dtypeName(result.dtype));
}

/** Booleans, integers, floating-point and complex numbers, each within the next. */
function capacityOf(dtype: Dtype): { readonly kind: number; readonly bits: number } {
  const bits = dtype.size * 8;
  if (isFloating(dtype)) return { kind: 2, bits };
  if (mx.issubdtype(dtype, mx.integer)) return { kind: 1, bits };
  return { kind: dtype === mx.bool ? 0 : 3, bits };
}

function contextOf(x: MxArray, { site, call, facts }: Occasion): SiteContext {
  return {
    site: site.name,
    call,
    axes: axesOf(site, x)?.slice(), // an intervention's own
    tokens: facts.tokens,
    offset: facts.offset,
    step: facts.step,
  };
}

function checkShape(
  site: string,
  expected: readonly number[],
  received: readonly number[],
  mayGrow: boolean,
): void {
  let same = expected.length === received.length;
  for (let axis = 0; same && axis < expected.length; axis++) {
    same =
      received[axis] === expected[axis] ||
      (mayGrow && axis === 0 && received[axis] > expected[axis]);
  }
  if (!same) throw new InterventionShapeError(site, expected, received);
}

function describe(value: unknown): string {
  if (value instanceof Promise) {
    value.catch(() => undefined); // as in synchronous.ts
    return "a Promise (an intervention runs inside the forward and cannot wait)";
  }
  return value === undefined ? "nothing" : `a value of type ${typeof value}`;
}
