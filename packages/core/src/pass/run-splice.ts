/** One call of a module that something is spliced into. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { InterventionShapeError, SiteNotReachedError } from "../errors.js";
import type { ModuleNode } from "../tree/module-node.js";
import type { Interceptor } from "./interceptor.js";
import { arrayInside, withArrayInside } from "./nested.js";

type Run = (args: unknown[]) => unknown;

/** A module's way to run, with what is spliced in at its node. */
export function splicedRun(node: ModuleNode, interceptor: Interceptor, run: Run): Run {
  const { splice } = node;
  if (!splice) return run;
  const { from, error } = splice.settings;
  const point = (name: string) => splice.parts.get(name) as ModuleNode;
  const call = (name: string, x: MxArray) => callPart(interceptor, point(name), x);
  return (args) => {
    const output = run(args);
    const y = call("original", requireArray(node, output));
    const source = from === "output" ? y : requireArray(node, args);
    const inserted = () => fitting(point("inserted"), call("inserted", source), y);
    const now = inserted(); // r′, under the interventions of the pass
    const value = error ? withError({ interceptor, node, y, now, inserted }) : now;
    return withArrayInside(output, 0, value);
  };
}

interface Reconstructed {
  readonly interceptor: Interceptor;
  readonly node: ModuleNode;
  readonly y: MxArray;
  /** The reconstruction of this pass. */
  readonly now: MxArray;
  /** Reconstructs once more. */
  readonly inserted: () => MxArray;
}

/** y + (r′ − r) + (e′ − e); see splice.ts. */
function withError({ interceptor, node, y, now, inserted }: Reconstructed): MxArray {
  const splice = node.splice as NonNullable<ModuleNode["splice"]>;
  const point = splice.parts.get("error") as ModuleNode;
  const { stopGradient } = splice.settings;
  const hold = (x: MxArray) => (stopGradient ? mx.stopGradient(x) : x);
  const acted = interceptor.changesWithin(splice.parts.get("inserted") as ModuleNode);
  const clean = hold(acted ? interceptor.unchanged(inserted) : now); // r
  const error = hold(mx.subtract(y, clean)); // e
  const errorNow = callPart(interceptor, point, error); // e′
  const errorActed = interceptor.changesWithin(point);
  const withNow = acted || stopGradient ? mx.add(hold(y), mx.subtract(now, clean)) : y;
  return errorActed ? mx.add(withNow, mx.subtract(errorNow, error)) : withNow;
}

function callPart(interceptor: Interceptor, node: ModuleNode, x: MxArray): MxArray {
  const standIn = interceptor.observe(node) as { forward(x: MxArray): unknown };
  return requireArray(node, standIn.forward(x));
}

function requireArray({ path }: ModuleNode, value: unknown): MxArray {
  const array = arrayInside(value);
  if (array) return array;
  throw new SiteNotReachedError(path, "there is no array at this place to splice into.");
}

/** @throws InterventionShapeError (`INTERVENTION_SHAPE`) unless a reconstruction has the shape of what it stands for */
function fitting(
  { path }: ModuleNode,
  reconstruction: MxArray,
  { shape, dtype }: MxArray,
): MxArray {
  const received = reconstruction.shape;
  const same =
    received.length === shape.length && received.every((size, axis) => size === shape[axis]);
  if (!same) throw new InterventionShapeError(path, shape, received);
  return reconstruction.dtype === dtype ? reconstruction : reconstruction.astype(dtype);
}
