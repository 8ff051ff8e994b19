/** What happens to the streams that a layer does not pass through: they are predicted, and corrected by what came of the one that does. */
import { Tap } from "@mlxterp/core";
import { type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import { Norm } from "../decoder/norm/norm.js";
import type { StreamsConfig } from "./config.js";

export const streamAxes = ["batch", "position", "streams", "hidden"] as const;

/** Source: Baykal et al. 2023, "Alternating Updates for Efficient Transformers", section 3. */
export class AlternatingUpdates extends nn.Module {
  readonly streams: number;
  readonly routerScale: number;
  readonly routerNorm: Norm;
  readonly router: Linear;
  readonly predictionProj: Linear;
  readonly correctionProj: Linear;
  /** (hidden) */
  outputScale: MxArray;
  readonly predicted = new Tap(streamAxes, {
    holds: "The streams as the layer expects them; the first is what it reads.",
  });
  readonly corrected = new Tap(streamAxes, {
    holds:
      "The streams after what came of the first, before the layer's own embedding is added to the others.",
  });

  constructor({ hidden, streams, norm }: StreamsConfig) {
    super();
    this.streams = streams;
    this.routerScale = 1 / hidden;
    this.routerNorm = new Norm(hidden, norm);
    this.router = new nn.Linear(hidden, streams, false);
    this.predictionProj = new nn.Linear(streams, streams * streams, false);
    this.correctionProj = new nn.Linear(streams, streams, false);
    this.outputScale = mx.ones([hidden]);
  }

  /** @param x (batch, position, streams, hidden) */
  predict(x: MxArray): MxArray {
    const { streams } = this;
    const [batch, length] = x.shape;
    const weights = this.predictionProj.forward(this.weigh(firstOf(x)));
    const moved = mx.matmul(weights.reshape([batch, length, streams, streams]), x);
    return this.predicted.forward(mx.add(moved, x));
  }

  /**
   * @param predicted (batch, position, streams, hidden)
   * @param active what came of the first, (batch, position, hidden)
   */
  correct(predicted: MxArray, active: MxArray): MxArray {
    const weights = mx.add(this.correctionProj.forward(this.weigh(active)), 1);
    const news = mx.expandDims(mx.subtract(active, firstOf(predicted)), 2);
    return this.corrected.forward(mx.add(predicted, mx.multiply(news, mx.expandDims(weights, 3))));
  }

  /** (batch, position, hidden) → (batch, position, streams) */
  private weigh(x: MxArray): MxArray {
    return mx.tanh(this.router.forward(mx.multiply(this.routerNorm.forward(x), this.routerScale)));
  }
}

/** The stream that passes through the layers, (batch, position, hidden). */
export const firstOf = (x: MxArray): MxArray => x.index(mx.Slice(), mx.Slice(), 0);
