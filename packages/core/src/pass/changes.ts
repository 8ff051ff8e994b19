/** What a pass changes: interventions sorted by the module they act on, and their application. */
import { InvalidArgumentError, isArray, type MxArray } from "@mlxterp/mlx";
import type { Axes } from "../axes.js";
import { InterventionShapeError, SiteNotReachedError } from "../errors.js";
import type { Intervention, Interventions, SiteContext } from "../intervention.js";
import { declaredAxes, type ModuleNode } from "../sites/module-tree.js";
import type { Site, SiteResolver } from "../sites/resolver.js";
import type { TokenBatch } from "../tokens.js";
import { arrayInside, withArrayInside } from "./nested.js";

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

interface Change {
  readonly site: Site;
  readonly intervention: Intervention;
  applied: number;
}

/** The interventions on one module. */
export interface NodeChanges {
  readonly input: Change[];
  readonly output: Change[];
}

/** What a pass tells each intervention about itself. */
export interface PassFacts {
  readonly tokens: TokenBatch | undefined;
  readonly offset: number;
  readonly step: number | undefined;
}

/** Interventions by module number; sparse. */
export type ChangeTable = readonly (NodeChanges | undefined)[];

/**
 * Sorts interventions by module.
 *
 * @throws UnknownSiteError (`UNKNOWN_SITE`) for a selector that matches nothing
 */
export function planChanges(
  interventions: readonly Interventions[],
  resolver: SiteResolver,
): ChangeTable {
  const table: (NodeChanges | undefined)[] = [];
  for (const record of interventions) {
    for (const [selector, given] of Object.entries(record)) {
      const list = typeof given === "function" ? [given] : given;
      for (const intervention of list) {
        if (typeof intervention !== "function") {
          throw new InvalidArgumentError(
            "interventions",
            intervention,
            `the intervention for "${selector}" is not a function; built-ins are called first: zeroOut(), scale(0.5).`,
          );
        }
        for (const site of resolver.resolve(selector)) {
          table[site.node.index] ??= { input: [], output: [] };
          table[site.node.index]?.[site.port.kind].push({ site, intervention, applied: 0 });
        }
      }
    }
  }
  return table;
}

/** Applies the changes of one port to a value, in the order they were given. */
export function applyChanges(
  changes: readonly Change[],
  value: unknown,
  call: number,
  facts: PassFacts,
): unknown {
  let current = value;
  for (const change of changes) {
    if (change.site.call !== undefined && change.site.call !== call) continue;
    const element = change.site.port.element ?? 0;
    const array = arrayInside(current, element);
    if (!array) {
      throw new SiteNotReachedError(change.site.name, "there is no array at this place to change.");
    }
    change.applied++;
    const changed = applyOne(change, array, call, facts);
    current = isArray(current) ? changed : withArrayInside(current, element, changed);
  }
  return current;
}

function applyOne(change: Change, x: MxArray, call: number, facts: PassFacts): MxArray {
  const { site, intervention } = change;
  const context: SiteContext = {
    site: site.name,
    call,
    axes: axesOf(site.node, site.port.kind, x),
    tokens: facts.tokens,
    offset: facts.offset,
    step: facts.step,
  };
  const result = intervention(x, context);
  if (!isArray(result)) {
    throw new InterventionShapeError(site.name, x.shape, describe(result));
  }
  checkShape(site.name, x.shape, result.shape, grows in intervention);
  return result.dtype === x.dtype ? result : result.astype(x.dtype);
}

function checkShape(
  site: string,
  expected: readonly number[],
  received: readonly number[],
  mayGrow: boolean,
): void {
  const first = mayGrow ? 1 : 0;
  let same = expected.length === received.length;
  for (let axis = first; same && axis < expected.length; axis++) {
    same = expected[axis] === received[axis];
  }
  if (!same) throw new InterventionShapeError(site, expected, received);
}

function describe(value: unknown): string {
  if (value instanceof Promise)
    return "a Promise (an intervention runs inside the forward and cannot wait)";
  return value === undefined ? "nothing" : `a value of type ${typeof value}`;
}

const sequenceAxes: Axes = ["batch", "position", "hidden"];

/** The axes of a value: those its module declares, else (batch, position, hidden) for three axes. */
export function axesOf(node: ModuleNode, port: "input" | "output", x: MxArray): Axes | undefined {
  const declared =
    port === "output" || node.slots.size === 0 ? declaredAxes(node.module) : undefined;
  if (declared && declared.length === x.ndim) return declared;
  return x.ndim === 3 ? sequenceAxes : undefined;
}

/** @throws SiteNotReachedError (`SITE_NOT_REACHED`) for the first change that never applied */
export function checkAllApplied(table: ChangeTable): void {
  for (const changes of table) {
    if (!changes) continue;
    for (const { site, applied } of [...changes.input, ...changes.output]) {
      if (applied > 0 || !site.exact) continue;
      const what =
        site.call === undefined ? "its module was not called" : `call #${site.call} did not happen`;
      throw new SiteNotReachedError(site.name, `${what}, so the intervention had no effect.`);
    }
  }
}
