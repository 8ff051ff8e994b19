/** What all mixers have in common: one scheme of sites, of which each has those of its parts. */
import type { Axes, Tap } from "@mlxterp/core";
import { type Linear, type Module, type MxArray, mx } from "@mlxterp/mlx";
import type { Norm } from "../../decoder/norm/norm.js";
import type { MixerCache } from "../caches/cache.js";
import type { BlockLinear } from "./block-linear.js";
import type { CausalConvolution } from "./convolution.js";

/** The pads at the left of each row. */
export interface Pads {
  readonly counts: readonly number[];
  /** 0 at pads, (batch, position, 1) */
  readonly real: MxArray;
}

/**
 * Something that stands where attention might, and remembers earlier tokens in a state of fixed size. What is `decay`ed
 * and `write`n makes the `state`, what is `read` from it passes the `gate` and is `post`, which `outProj` reads.
 */
export interface Mixer extends Module {
  readonly inProj: Linear;
  readonly convolution: CausalConvolution;
  readonly outProj: Linear;
  readonly gate?: Tap<Axes>;
  readonly signal?: Tap<Axes>;
  readonly inputGate?: Tap<Axes>;
  readonly inputGateProj?: BlockLinear;
  readonly decayGateProj?: BlockLinear;
  readonly xProj?: Linear;
  readonly dtProj?: Linear;
  readonly delta?: Tap<Axes>;
  readonly gateProj?: Linear;
  readonly betaProj?: Linear;
  readonly decayProj?: Linear;
  readonly q?: Tap<Axes>;
  readonly k?: Tap<Axes>;
  readonly v?: Tap<Axes>;
  readonly beta?: Tap<Axes>;
  readonly B?: Tap<Axes>;
  readonly C?: Tap<Axes>;
  readonly decay?: Tap<Axes>;
  readonly write?: Tap<Axes>;
  readonly state?: Tap<Axes>;
  readonly read?: Tap<Axes>;
  readonly post?: Tap<Axes>;
  readonly norm?: Norm | undefined;
  /**
   * @param x (batch, position, hidden), normalised
   * @param cache this layer's memory of earlier tokens
   * @param pads of each row: they leave the memory as it is
   * @returns (batch, position, hidden), what is added to the residual stream
   */
  forward(x: MxArray, cache?: MixerCache, pads?: Pads): MxArray;
}

/** With 1 at pads, which leave what came before them as it is. */
export function keptAtPads(decay: MxArray, real: MxArray): MxArray {
  const at = real.reshape([...real.shape.slice(0, 2), ...decay.shape.slice(2).map(() => 1)]);
  return mx.add(mx.multiply(decay, at), mx.subtract(1, at));
}

/** With 0 at pads. */
export function nothingAtPads(x: MxArray, real: MxArray): MxArray {
  return mx.multiply(
    x,
    real.reshape([...real.shape.slice(0, 2), ...x.shape.slice(2).map(() => 1)]),
  );
}
