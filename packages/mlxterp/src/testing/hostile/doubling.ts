/** A module that is none of ours. */
import { isArray, type MxArray, mx, nn } from "@mlxterp/mlx";
import { CallersError } from "./values.js";

/** A user's own module; what it throws is the user's. */
export class Doubling extends nn.Module {
  override forward(x: MxArray): MxArray {
    if (!isArray(x)) throw new CallersError("no array");
    return mx.multiply(x, 2);
  }
}
