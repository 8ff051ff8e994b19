/** Finds where a pass first stops being finite; asked only when a result is not, since it computes every site. */
import {
  checkOptions,
  checkText,
  evaluate,
  isArray,
  isFloating,
  type Module,
  type MxArray,
  mx,
  toFlat,
} from "@mlxterp/mlx";
import { checkModel } from "../model/check-model.js";
import type { InterpretableModelCore } from "../model/model.js";
import { type PassOptions, passRules } from "../pass/options.js";
import type { CacheEntry } from "../storage/entry.js";
import type { Prompt } from "../tokens/tokens.js";
import { NotFiniteError } from "./not-finite-error.js";

/** The first site of a pass, in the order of the forward, with a value that is not finite. */
export interface NotFinite {
  /** The canonical name. */
  readonly site: string;
  readonly kind: "NaN" | "Infinity" | "-Infinity";
}

type Model = Pick<InterpretableModelCore<Module>, "collectLazily">;

/**
 * The first site whose value holds NaN or an infinity. Minus infinity where something is hidden, in attention scores and
 * logits, is no fault by itself.
 *
 * @returns undefined where all is finite
 * @throws what `model.run` throws
 * @example
 * const broken = model.edit({ "layers.1": (x) => mx.multiply(x, Number.NaN) });
 * (await firstNotFinite(broken, [[1, 5, 2]]))?.site; // "layers.1"
 */
export async function firstNotFinite(
  model: Model,
  input: Prompt,
  options: PassOptions = {},
): Promise<NotFinite | undefined> {
  checkOptions<PassOptions>("firstNotFinite", options, passRules);
  checkModel("model", model);
  const pass = model.collectLazily(input, { ...options, save: ["input", "**", "output"] });
  const found = pass
    .held()
    .filter(({ value }) => isArray(value) && isFloating(value.dtype) && value.size > 0)
    .sort((a, b) => a.order - b.order)
    .map((entry) => ({ site: entry.site.name, counts: faultsOf(entry) }));
  pass.dispose(); // nothing but the counts is wanted, so each value can go as soon as it is counted
  await evaluate(found.map(({ counts }) => counts));
  for (const { site, counts } of found) {
    const [nan, infinite, below] = toFlat(counts);
    if (nan) return { site, kind: "NaN" };
    if (infinite) return { site, kind: "Infinity" };
    if (below) return { site, kind: "-Infinity" };
  }
  return undefined;
}

/**
 * What is to be thrown for a result that is not finite.
 *
 * @param what is not, such as `the logits of step 3`
 * @example
 * (await notFiniteError("the logits", model, "The capital of France is")).code; // "NOT_FINITE"
 */
export async function notFiniteError(
  what: string,
  model: Model,
  input: Prompt,
  options: PassOptions = {},
): Promise<NotFiniteError> {
  checkText("what", what);
  return new NotFiniteError(what, await firstNotFinite(model, input, options));
}

/** (3) int32: whether there is any NaN, infinity, and minus infinity where none may be */
function faultsOf({ value, site: { axes } }: CacheEntry): MxArray {
  const x = value as MxArray;
  const hides = axes?.includes("key") || axes?.includes("vocab");
  const infinite = mx.isinf(x);
  const below = mx.logicalAnd(infinite, mx.less(x, 0));
  const above = mx.logicalAnd(infinite, mx.greater(x, 0));
  const faults = [mx.isnan(x), above, hides ? mx.zerosLike(below) : below];
  return mx.stack(faults.map((fault) => mx.any(fault).astype(mx.int32)));
}
