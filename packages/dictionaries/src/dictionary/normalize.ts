/** What is done to activations before they are encoded, and taken back after. */
import { type MxArray, mx } from "@mlxterp/mlx";
import type { InputNormalization } from "./config.js";

export interface Normalized {
  readonly x: MxArray;
  /** Takes the same back from a reconstruction. */
  undo(y: MxArray): MxArray;
}

const epsilon = 1e-5;

/** @param x (rows, width) */
export function normalizeInput(kind: InputNormalization, x: MxArray): Normalized {
  if (kind === "none") return { x, undo: (y) => y };
  const width = x.shape[x.ndim - 1];
  if (kind === "constantNorm") {
    const norm = mx.sqrt(mx.sum(mx.square(x), -1, true));
    const factor = mx.divide(Math.sqrt(width), norm);
    return { x: mx.multiply(x, factor), undo: (y) => mx.divide(y, factor) };
  }
  const mean = mx.mean(x, -1, true);
  const centred = mx.subtract(x, mean);
  const deviation = mx.sqrt(mx.divide(mx.sum(mx.square(centred), -1, true), width - 1));
  return {
    x: mx.divide(centred, mx.add(deviation, epsilon)),
    undo: (y) => mx.add(mx.multiply(y, deviation), mean),
  };
}
