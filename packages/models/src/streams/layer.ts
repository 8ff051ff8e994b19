/** One layer of a decoder of several streams: the first passes through it, the others are corrected by what came of it. */
import { type SiteNotes, Tap } from "@mlxterp/core";
import { type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import { type ResidualAxes, residualAxes } from "../decoder/axes.js";
import type { LayerCache } from "../decoder/cache/cache.js";
import { activations } from "../decoder/mlp/activations.js";
import { Norm } from "../decoder/norm/norm.js";
import type { Rotation } from "../decoder/positions/rope.js";
import { AlternatingUpdates, firstOf, streamAxes } from "./alternating-updates.js";
import { SharingAttention, type StreamsPass } from "./attention.js";
import type { StreamsConfig } from "./config.js";
import { SparseMlp } from "./sparse-mlp.js";

/** A second, narrow branch beside attention. Source: Menghani et al. 2025, "LAuReL: Learned Augmented Residual Layer". */
export class Laurel extends nn.Module {
  readonly downProj: Linear;
  readonly upProj: Linear;
  readonly postNorm: Norm;

  constructor({ hidden, laurelRank, norm }: StreamsConfig) {
    super();
    this.downProj = new nn.Linear(hidden, laurelRank, false);
    this.upProj = new nn.Linear(laurelRank, hidden, false);
    this.postNorm = new Norm(hidden, norm);
  }

  get outputAxes(): ResidualAxes {
    return residualAxes;
  }

  /** @param x (batch, position, hidden), normalised */
  override forward(x: MxArray): MxArray {
    return mx.add(x, this.postNorm.forward(this.upProj.forward(this.downProj.forward(x))));
  }
}

const notes = {
  input: { holds: "All streams before the layer.", axes: streamAxes },
  output: { holds: "All streams after the layer." },
  inputNorm: { holds: "What attention and `laurel` read of the first stream as it is predicted." },
  laurel: {
    holds: "What attention reads and a narrow branch of it, which is added beside attention.",
  },
  selfAttn: { holds: "Attention's write, as it is added." },
  postAttentionNorm: { holds: "What the MLP reads." },
  mlp: { holds: "The MLP's write, as it is added." },
  perLayerNorm: { holds: "What is added to all streams but the first." },
} as const satisfies SiteNotes;

export class StreamsLayer extends nn.Module {
  readonly scalesCorrected: boolean;
  readonly activation: (x: MxArray) => MxArray;
  readonly altUp: AlternatingUpdates;
  readonly inputNorm: Norm;
  readonly laurel: Laurel;
  readonly selfAttn: SharingAttention;
  readonly residMid = new Tap(residualAxes, {
    holds: "The first stream, attention and `laurel` together, divided by √2.",
  });
  readonly postAttentionNorm: Norm;
  readonly mlp: SparseMlp;
  readonly activated = new Tap(residualAxes, {
    holds: "What came of the first stream: the sum with the MLP.",
  });
  readonly perLayerInput = new Tap(["batch", "position", "features"] as const, {
    holds: "The layer's own embedding of each token.",
  });
  readonly perLayerGateProj: Linear;
  readonly perLayerProj: Linear;
  readonly perLayerNorm: Norm;

  constructor(config: StreamsConfig, index: number, rotate: Rotation) {
    super();
    const { hidden, norm, perLayer, activation } = config;
    const layer = config.layers[index];
    this.scalesCorrected = config.scalesCorrected;
    this.activation = activations[activation];
    this.altUp = new AlternatingUpdates(config);
    this.inputNorm = new Norm(hidden, norm);
    this.laurel = new Laurel(config);
    this.selfAttn = new SharingAttention(config, { index, layer, rotate });
    this.postAttentionNorm = new Norm(hidden, norm);
    this.mlp = new SparseMlp(config, layer);
    this.perLayerGateProj = new nn.Linear(hidden, perLayer.width, false);
    this.perLayerProj = new nn.Linear(perLayer.width, hidden, false);
    this.perLayerNorm = new Norm(hidden, norm);
  }

  get siteNotes() {
    return notes;
  }

  get outputAxes(): typeof streamAxes {
    return streamAxes;
  }

  get inputAxes(): typeof streamAxes {
    return streamAxes;
  }

  /**
   * @param x all streams, (batch, position, streams, hidden)
   * @param own the layer's embedding of each token, (batch, position, width)
   */
  override forward(x: MxArray, own: MxArray, pass: StreamsPass, cache?: LayerCache): MxArray {
    const { altUp } = this;
    const predicted = altUp.predict(x);
    const first = firstOf(predicted);
    const read = this.inputNorm.forward(first);
    const both = mx.add(
      mx.add(first, this.selfAttn.forward(read, pass, cache)),
      this.laurel.forward(read),
    );
    const middle = this.residMid.forward(mx.multiply(both, Math.SQRT1_2));
    const written = this.mlp.forward(this.postAttentionNorm.forward(middle));
    const corrected = altUp.correct(predicted, this.activated.forward(mx.add(middle, written)));
    const added = mx.expandDims(this.perLayer(firstOf(corrected), own), 2);
    const [stays, others] = corrected.split([1], 2);
    return mx.concatenate([stays, mx.add(others, added)], 2);
  }

  /** What the layer's own embedding adds to the other streams, (batch, position, hidden). */
  private perLayer(first: MxArray, own: MxArray): MxArray {
    const scaled = this.scalesCorrected ? mx.multiply(first, this.altUp.outputScale) : first;
    const gate = this.activation(this.perLayerGateProj.forward(scaled));
    const gated = mx.multiply(gate, this.perLayerInput.forward(own));
    return this.perLayerNorm.forward(this.perLayerProj.forward(gated));
  }
}
