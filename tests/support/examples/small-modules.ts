/** Modules of the reader's own, as examples put them into a model or make them interpretable. */
import {
  type Linear,
  type Module,
  type MxArray,
  mx,
  nn,
  Tap,
} from "../../../packages/mlxterp/src/index.js";

/** A dictionary over the residual stream of the shipped model. */
export class Dictionary extends nn.Module {
  encoder: Linear = new nn.Linear(128, 256);
  features = new Tap(["batch", "position", "mlpHidden"]);
  decoder: Linear = new nn.Linear(256, 128);

  override forward(x: MxArray): MxArray {
    return this.decoder.forward(this.features.forward(nn.relu(this.encoder.forward(x))));
  }
}

/** A linear map beside another module. */
export class Adapter extends nn.Module {
  extra: Linear = new nn.Linear(128, 128);

  constructor(readonly base: Module) {
    super();
  }

  override forward(x: MxArray): MxArray {
    return mx.add(this.base.forward(x), this.extra.forward(x));
  }
}

/** Any network: eight numbers in, four out. */
export class MyNetwork extends nn.Module {
  first: Linear = new nn.Linear(8, 16);
  second: Linear = new nn.Linear(16, 4);

  override forward(x: MxArray): MxArray {
    return this.second.forward(nn.relu(this.first.forward(x)));
  }
}
