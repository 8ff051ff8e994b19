/** The contract between a pass and the functions that change activations in it. */
import { brief, InvalidArgumentError, isNamed, type MxArray } from "@mlxterp/mlx";
import type { Axes } from "../axes.js";
import type { TokenBatch } from "../tokens/tokens.js";

/** Where and when an intervention is being applied. */
export interface SiteContext {
  /** The canonical name, such as `layers.3.selfAttn.z`. */
  readonly site: string;
  /** Counts the calls of this module within the pass, from 0. */
  readonly call: number;
  /** The meaning of each axis of the value, if known. */
  readonly axes: Axes | undefined;
  /**
   * The prompts of this pass, in every step of a generation too; `array` is what this pass feeds. Undefined when the
   * input is not tokens.
   */
  readonly tokens: TokenBatch | undefined;
  /**
   * The absolute position of this pass's first token: 0, except when generating with a cache. Of prompts of different
   * length, the longest one's: the others stand as many positions before it as they are padded on the left.
   */
  readonly offset: number;
  /** The generation step, from 0 for the prompt; undefined outside generation. */
  readonly step: number | undefined;
}

/**
 * A function from an activation to what takes its place. It must keep the shape; the dtype is cast back
 * where that loses nothing but precision.
 * It never changes `x` itself.
 */
export type Intervention = (x: MxArray, site: SiteContext) => MxArray;

/** Interventions by site or selector, applied in the order they are written. */
export type Interventions = Readonly<Record<string, Intervention | readonly Intervention[]>>;

/**
 * The rule of an option `interventions`: an object from sites to what acts there, which is checked where it is planned.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`)
 * @example
 * checkInterventions("interventions", { "layers.2": zeroOut() });
 */
export function checkInterventions(argument: string, value: unknown): void {
  if (isNamed(value) && !inheritsNames(value)) return;
  const rule = `must be an object with names of its own, from sites to interventions, such as { "layers.2": zeroOut() }, not ${brief(value)}.`;
  throw new InvalidArgumentError(argument, value, rule);
}

/** Sites are read off the object itself: what it inherits would do nothing. */
function inheritsNames(value: object): boolean {
  for (const site in value) if (!Object.hasOwn(value, site)) return true;
  return false;
}
