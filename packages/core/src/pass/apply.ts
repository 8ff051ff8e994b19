/** One intervention on one value: what it is told, and what it may return. */
import { isArray, type MxArray } from "@mlxterp/mlx";
import { InterventionShapeError } from "../errors.js";
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
 * @throws InterventionShapeError (`INTERVENTION_SHAPE`)
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
  return result.dtype === x.dtype ? result : result.astype(x.dtype);
}

function contextOf(x: MxArray, { site, call, facts }: Occasion): SiteContext {
  return {
    site: site.name,
    call,
    axes: axesOf(site, x),
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
    return "a Promise (an intervention runs inside the forward and cannot wait)";
  }
  return value === undefined ? "nothing" : `a value of type ${typeof value}`;
}
