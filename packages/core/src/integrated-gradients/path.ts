/** A straight path between the activations of two runs. */
import {
  evaluate,
  InvalidArgumentError,
  isFloating,
  type Module,
  type MxArray,
  mx,
} from "@mlxterp/mlx";
import { NotDifferentiableError } from "../errors.js";
import type { InterpretableModelCore } from "../model/model.js";
import type { Interventions } from "../pass/intervention.js";
import type { Selector } from "../sites/selector.js";
import { ActivationCache } from "../storage/cache.js";
import type { Prompt } from "../tokens/tokens.js";
import type { IntegratedGradientOptions } from "./integrated-options.js";

type Model = InterpretableModelCore<Module>;

/** One site's values at both ends. */
interface Ends {
  readonly clean: MxArray;
  readonly baseline: MxArray;
}

export interface Path {
  /** Every site of the path and of the attributions. */
  readonly ends: ReadonlyMap<string, Ends>;
  /** The canonical names of what moves. */
  readonly moved: readonly string[];
  /** A cache of what is attributed to, its values not computed. */
  readonly attributed: ActivationCache;
}

/**
 * Runs what was not given as activations, and pairs the values of both ends.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) where their shapes differ, NotDifferentiableError
 * (`NOT_DIFFERENTIABLE`) when nothing on the path is floating-point
 */
export async function openPath(
  model: Model,
  input: Prompt,
  options: IntegratedGradientOptions,
): Promise<Path> {
  const { save, path = save, args } = options;
  const collect = (prompt: Prompt, sites: Selector | readonly Selector[]): ActivationCache =>
    model.collectLazily(prompt, { save: sites, args });
  const attributed = collect(input, save);
  const moved = floatingSites(collect(input, path));
  const names = [...new Set([...moved, ...floatingSites(attributed, false)])];
  const [clean, baseline] = [options.clean ?? input, options.baseline].map((source) =>
    ActivationCache.isBuilt(source) ? source : collect(source, names),
  );
  const ends = new Map(names.map((site) => [site, endsAt(site, clean, baseline)]));
  await evaluate([...ends.values()].flatMap((pair) => [pair.clean, pair.baseline]));
  return { ends, moved, attributed };
}

function floatingSites(cache: ActivationCache, required = true): string[] {
  const all = cache.entries();
  const floating = all.flatMap(([site, { dtype }]) => (isFloating(dtype) ? [site] : []));
  if (floating.length > 0 || !required) return floating;
  throw new NotDifferentiableError(all[0][0], "integers");
}

function endsAt(site: string, clean: ActivationCache, baseline: ActivationCache): Ends {
  const ends = { clean: clean.get(site), baseline: baseline.get(site) };
  const [to, from] = [ends.clean.shape, ends.baseline.shape].map((shape) => shape.join(", "));
  if (to === from) return ends;
  const rule = `"${site}" has shape [${from}] there, but [${to}] at the end of the path; take a prompt of as many tokens.`;
  throw new InvalidArgumentError("baseline", baseline, rule);
}

/**
 * What puts a pass at several points of the path, one block of rows for each.
 *
 * @param alphas from 0, the baseline, to 1
 */
export function atPoints({ ends, moved }: Path, alphas: readonly number[]): Interventions {
  return Object.fromEntries(
    moved.map((site) => {
      const { clean, baseline } = ends.get(site)!;
      const way = mx.subtract(clean, baseline);
      const points = alphas.map((alpha) => mx.add(baseline, mx.multiply(way, alpha)));
      const rows = points.length === 1 ? points[0] : mx.concatenate(points, 0);
      return [site, () => rows];
    }),
  );
}
