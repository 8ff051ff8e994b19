/** xIELU, a nonlinearity whose shape each MLP learns: a parabola above 0, an exponential below. */
import { type MxArray, mx, nn } from "@mlxterp/mlx";
import type { NeuronAxes } from "../axes.js";

/** Source: Huang and Schlag 2024, "Deriving Activation Functions Using Integration". */
export class Xielu extends nn.Module {
  /** How fast it rises above 0, before a softplus, (1). */
  alphaPositive: MxArray = mx.zeros([1]);
  /** How fast it falls below 0, less `beta` and before a softplus, (1). */
  alphaNegative: MxArray = mx.zeros([1]);
  /** The slope at 0, (). */
  beta: MxArray = mx.array(0.5);
  /** What enters the exponential at most, (). */
  bound: MxArray = mx.array(-1e-6);

  get outputAxes(): NeuronAxes {
    return ["batch", "position", "mlpHidden"];
  }

  /** @param x (batch, position, mlpHidden) */
  override forward(x: MxArray): MxArray {
    const { beta, bound } = this;
    const linear = mx.multiply(x, beta);
    const above = mx.multiply(softplus(this.alphaPositive), mx.square(x));
    const fall = mx.add(beta, softplus(this.alphaNegative));
    const below = mx.multiply(fall, mx.subtract(mx.expm1(mx.minimum(x, bound)), x));
    return mx.add(mx.where(mx.greater(x, 0), above, below), linear);
  }
}

const softplus = (x: MxArray) => mx.logaddexp(x, 0);
