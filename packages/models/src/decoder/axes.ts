/** The axes of whatever flows along the residual stream. */
import type { Axes } from "@mlxterp/core";

export const residualAxes: Axes = ["batch", "position", "hidden"];
