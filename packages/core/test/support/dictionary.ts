/** A small dictionary, an adapter and a counter of calls, to be put into networks. */
import { type Linear, type Module, type MxArray, mx, nn } from "@mlxterp/mlx";
import { Tap } from "../../src/tree/tap.js";

/** An autoencoder over the last axis, with its features as a site. */
export class Dictionary extends nn.Module {
  encoder: Linear;
  decoder: Linear;
  features = new Tap(["batch", "position", "mlpHidden"]);

  constructor(width: number, count = 3 * width) {
    super();
    this.encoder = new nn.Linear(width, count);
    this.decoder = new nn.Linear(count, width);
  }

  override forward(x: MxArray): MxArray {
    return this.decode(this.features.forward(nn.relu(this.encoder.forward(x))));
  }

  decode(features: MxArray): MxArray {
    return this.decoder.forward(features);
  }
}

/** A low-rank update beside a frozen layer: y + x A B. */
export class LowRank extends nn.Module {
  down: MxArray;
  up: MxArray;

  constructor(
    readonly base: Linear,
    rank = 2,
  ) {
    super();
    const [outputs, inputs] = base.weight.shape;
    this.down = mx.random.normal([inputs, rank]);
    this.up = mx.random.normal([rank, outputs]);
  }

  override forward(x: MxArray): MxArray {
    return mx.add(this.base.forward(x), mx.matmul(mx.matmul(x, this.down), this.up));
  }
}

/** Runs another module and counts how often. */
export class Counting extends nn.Module {
  calls = 0;

  constructor(readonly base: Module) {
    super();
  }

  override forward(...args: unknown[]): unknown {
    this.calls++;
    return this.base.forward(...args);
  }
}

/** A site's name that the compiler does not look into, as edits add sites that the network's type does not have. */
export function anySite(name: string): string {
  return name;
}
