/** What the axes of a decoder's activations mean, for arrays and for the compiler. */
import type { Axes } from "@mlxterp/core";

export const residualAxes = ["batch", "position", "hidden"] as const satisfies Axes;
export type ResidualAxes = typeof residualAxes;

export const logitsAxes = ["batch", "position", "vocab"] as const satisfies Axes;
export type LogitsAxes = typeof logitsAxes;

export type NeuronAxes = readonly ["batch", "position", "mlpHidden"];
export type QueryAxes = readonly ["batch", "heads", "position", "headDim"];
export type KeyAxes = readonly ["batch", "kvHeads", "position", "headDim"];
export type PatternAxes = readonly ["batch", "heads", "query", "key"];
export type HeadWriteAxes = readonly ["batch", "position", "heads", "hidden"];
export type GateAxes = readonly ["batch", "position", "heads", "headDim"];
