/** A point of a splice that can be read and changed. */
import { type MxArray, nn } from "@mlxterp/mlx";
import type { Axes } from "../axes.js";

export class SplicePoint extends nn.Module {
  constructor(readonly outputAxes: Axes | undefined) {
    super();
  }

  override forward(x: MxArray): MxArray {
    return x;
  }
}
