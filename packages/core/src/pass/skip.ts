/** Modules that are left out of a pass. */
import {
  brief,
  checkOptions,
  InvalidArgumentError,
  isCallable,
  type Module,
  type MxArray,
  mx,
  nn,
} from "@mlxterp/mlx";
import { InterventionShapeError, InvalidEditError, SiteNotReachedError } from "../errors.js";
import { type Site, siteLabel } from "../sites/site.js";
import { declaredAxes } from "../tree/module-node.js";
import type { Intervention } from "./intervention.js";
import { arrayInside } from "./nested.js";

/** Whatever the module would return, from the arguments of its forward. */
export type SkippedOutput = (...args: unknown[]) => unknown;

export interface SkipOptions {
  /**
   * What takes the place of the output: the module's first argument, zeros, or what a function makes of all its
   * arguments, for modules that return more than one array: of the module's axes, where it declares them. Default: zeros for a module that declares
   * `writesResidual`, as attention and MLP of the language models do, so that it adds nothing; else the input.
   */
  readonly output?: "input" | "zeros" | SkippedOutput;
}

/** Shared between several installed copies of this package. */
const skipping = Symbol.for("mlxterp.skip");

/**
 * Leaves a module out: its forward is not called, nothing inside it is computed or can be read. An intervention like
 * any other, in `model.edit` or for one pass; others at the same site act on what takes the output's place.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`); in a pass, InvalidEditError (`INVALID_EDIT`) for an input or inside
 *   a combinator, or a function that does not return what the module would, InterventionShapeError
 *   (`INTERVENTION_SHAPE`) where the output is known to have another shape
 * @example
 * const shallow = model.edit({ "layers.3": skip(), "layers.1.mlp": skip() });
 */
export function skip(options: SkipOptions = {}): Intervention {
  checkOptions<SkipOptions>("skip", options, { output: true });
  const { output } = options;
  if (![undefined, "input", "zeros"].includes(output as string) && !isCallable(output)) {
    const rule = `${brief(output)} is neither "input", "zeros" nor a function of the module's arguments.`;
    throw new InvalidArgumentError("output", output, rule);
  }
  const misplaced: Intervention = (_, context) => {
    throw new InvalidEditError(
      brief(context?.site),
      "skip",
      "a module is left out as a whole, not in a part of it",
    );
  };
  Object.defineProperty(misplaced, "name", { value: "skip" });
  return Object.assign(misplaced, { [skipping]: options });
}

/**
 * What a skip was made with; undefined for whatever else it is given.
 *
 * @example
 * skipOptions(skip({ output: "zeros" })); // { output: "zeros" }
 */
export function skipOptions(intervention: unknown): SkipOptions | undefined {
  if (typeof intervention !== "function") return undefined;
  return (intervention as { readonly [skipping]?: SkipOptions })[skipping];
}

/** A skip in a pass. */
interface Skip {
  readonly site: Site;
  readonly intervention: Intervention;
  applied: boolean;
}

/** @throws InvalidEditError (`INVALID_EDIT`) for a skip of an input, or of the whole model */
export function checkSkip({ node, port, call, name }: Site): void {
  if (node.path !== "" && port.kind === "output" && port.element === undefined) return;
  const reason = "it leaves a module out as a whole, so name a module inside the model";
  throw new InvalidEditError(siteLabel(name, call), "skip", reason);
}

/** Runs one call of a module, unless it is to be left out. */
export function runOrSkip(
  skips: readonly Skip[],
  call: number,
  args: unknown[],
  run: (args: unknown[]) => unknown,
): unknown {
  const found = skips.filter(({ site }) => site.call === undefined || site.call === call);
  if (found.length === 0) return run(args);
  for (const skip of found) skip.applied = true;
  const { site, intervention } = found[found.length - 1];
  return skippedOutput(site, skipOptions(intervention)?.output, args);
}

function skippedOutput(site: Site, output: SkipOptions["output"], args: unknown[]): unknown {
  const x = arrayInside(args);
  if (typeof output === "function") {
    const result = output(...args);
    checkOutput(site, result, x);
    return result;
  }
  if (!x) throw new SiteNotReachedError(site.name, "its module was given no array to pass on.");
  const module = site.node.standsFor ?? site.node.module;
  const shape = knownShape(module, x) ?? x.shape;
  if ((output ?? usualOutput(module)) === "zeros") return mx.zeros(shape, x.dtype);
  const axes = declaredAxes(site.node.module);
  const fits = String(shape) === String(x.shape);
  if (!fits) throw new InterventionShapeError(site.name, shape, x.shape);
  if (axes === undefined || axes.length === x.ndim) return arrayInside(args[0]) ? args[0] : x;
  const reason = `its output has the axes (${axes.join(", ")}), its input the shape [${x.shape.join(", ")}]. Write skip({ output: (x) => … })`;
  throw new InvalidEditError(site.name, "skip", reason);
}

/** What comes after the module would fail on anything else, with an error that names neither site nor skip. */
function checkOutput(site: Site, result: unknown, x: MxArray | undefined): void {
  if (result instanceof Promise) return; // refused like every forward that is asynchronous
  const module = site.node.standsFor ?? site.node.module;
  const axes = declaredAxes(site.node.module);
  const shape = x && (knownShape(module, x) ?? (writesResidual(module) ? x.shape : undefined));
  if (axes === undefined && shape === undefined) return;
  const array = arrayInside(result);
  if (array === undefined || (axes && axes.length !== array.ndim)) {
    const due = axes === undefined ? "" : ` with the axes (${axes.join(", ")})`;
    const given = array ? `one of shape [${array.shape.join(", ")}]` : brief(result);
    const reason = `its function must return an array of MLX${due}, not ${given}`;
    throw new InvalidEditError(siteLabel(site.name, site.call), "skip", reason);
  }
  const fits = shape === undefined || String(shape) === String(array.shape);
  if (!fits) throw new InterventionShapeError(site.name, shape, array.shape);
}

function writesResidual(module: Module): boolean {
  return (module as { writesResidual?: boolean }).writesResidual === true;
}

function usualOutput(module: Module): "input" | "zeros" {
  return writesResidual(module) ? "zeros" : "input";
}

/** The shape of a module's output, where its weights tell. */
function knownShape(module: Module, { shape }: MxArray): number[] | undefined {
  if (module instanceof nn.Linear) return [...shape.slice(0, -1), module.weight.shape[0]];
  return module instanceof nn.Embedding ? [...shape, module.weight.shape[1]] : undefined;
}
