/** One intervention on one value: what it is told, and what it may return. */
import { isArray, type MxArray } from "@mlxterp/mlx";
import { axesOf } from "../axes-of.js";
import { InterventionShapeError } from "../errors.js";
import type { Intervention, SiteContext } from "../intervention.js";
import type { Site } from "../sites/site.js";
import type { PassFacts } from "./facts.js";
import { ownHandle } from "./nested.js";

/** Marks an intervention that may add rows to the batch axis; see `growsBatch`. */
const grows = Symbol.for("mlxterp.growsBatch");

/**
 * Allows an intervention to return more batch rows than it was given, so that a sweep can let patched runs
 * join the pass at the layer where they begin. Everything above then computes the larger batch.
 */
export function growsBatch(intervention: Intervention): Intervention {
  const wrapped: Intervention = (x, site) => intervention(x, site);
  return Object.assign(wrapped, { [grows]: true });
}

/** Where an intervention is being applied. */
export interface Occasion {
  readonly site: Site;
  readonly call: number;
  readonly facts: PassFacts;
}

/**
 * @returns of the same dtype as `x`, under a handle that the intervention does not have
 * @throws InterventionShapeError (`INTERVENTION_SHAPE`)
 */
export function applyOne(intervention: Intervention, x: MxArray, occasion: Occasion): MxArray {
  const { site, call, facts } = occasion;
  const context: SiteContext = {
    site: site.name,
    call,
    axes: axesOf(site, x),
    tokens: facts.tokens,
    offset: facts.offset,
    step: facts.step,
  };
  const result: unknown = intervention(ownHandle(x), context);
  if (!isArray(result)) throw new InterventionShapeError(site.name, x.shape, describe(result));
  const mayGrow = grows in intervention;
  if (!sameShape(x.shape, result.shape, mayGrow)) {
    throw new InterventionShapeError(site.name, x.shape, result.shape);
  }
  return result.astype(x.dtype);
}

function sameShape(
  expected: readonly number[],
  received: readonly number[],
  mayGrow: boolean,
): boolean {
  if (expected.length !== received.length) return false;
  return received.every(
    (size, axis) => size === expected[axis] || (mayGrow && axis === 0 && size > expected[axis]),
  );
}

function describe(value: unknown): string {
  if (value instanceof Promise) {
    return "a Promise (an intervention runs inside the forward and cannot wait)";
  }
  return value === undefined ? "nothing" : `a value of type ${typeof value}`;
}
