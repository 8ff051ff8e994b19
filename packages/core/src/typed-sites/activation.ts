/** The type of an activation: an array that knows what its axes mean. */
import type { MxArray } from "@mlxterp/mlx";
import type { Axes } from "../axes.js";
import type { Tap } from "../tree/tap.js";

declare const axes: unique symbol;

/**
 * A lazy array whose axes are known to the compiler: its shape has their number, and it is not taken where other
 * axes are asked for.
 *
 * @example
 * await using trace = model.trace("The capital of France is");
 * const pattern = trace.layers[3].selfAttn.pattern.save(); // Activation<["batch", "heads", "query", "key"]>
 * const [batch, heads] = pattern.shape;
 */
export type Activation<A extends Axes = Axes> = MxArray & {
  readonly [axes]?: Readonly<A>;
  readonly shape: Sizes<A>;
};

/** One number for each axis. */
type Sizes<A extends Axes> = { -readonly [K in keyof A]: number };

/** The axes of a module's output, as far as its type says them. */
export type OutputAxes<M> =
  M extends Tap<infer A> ? A : M extends { readonly outputAxes: infer A extends Axes } ? A : Axes;

/** The axes of a module's input: a tap's is its output. */
export type InputAxes<M> = M extends Tap<infer A> ? A : Axes;
