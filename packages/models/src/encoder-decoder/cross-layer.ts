/** One layer of a decoder that reads another text: attention to what is written, to what was read, then the MLP. */
import { type SiteNotes, Tap } from "@mlxterp/core";
import { type MxArray, mx, nn } from "@mlxterp/mlx";
import { Attention } from "../decoder/attention/attention.js";
import { type ResidualAxes, residualAxes } from "../decoder/axes.js";
import { Mlp } from "../decoder/mlp/mlp.js";
import { Norm } from "../decoder/norm/norm.js";
import type { Pass } from "../decoder/positions/pass.js";
import type { CrossLayerCache } from "./cache.js";
import type { EncoderDecoderConfig } from "./config.js";
import { CrossAttention, type Source } from "./cross-attention.js";
import { attentionOf, mlpOf } from "./layer-config.js";

const notes = {
  input: { holds: "The residual stream before the layer.", axes: residualAxes },
  output: { holds: "The residual stream after the layer." },
  inputNorm: { holds: "What attention to the written text reads." },
  selfAttn: { holds: "The write of attention to the written text, as it is added." },
  crossAttentionNorm: { holds: "What queries of the read text are made from." },
  crossAttention: { holds: "The write of attention to the read text, as it is added." },
  postAttentionNorm: { holds: "What the MLP reads." },
  mlp: { holds: "The MLP's write to the residual stream, as it is added." },
} as const satisfies SiteNotes;

export class CrossLayer extends nn.Module {
  readonly inputNorm: Norm;
  readonly selfAttn: Attention;
  readonly residMid = new Tap(residualAxes, {
    holds: "The residual stream between attention to the written text and to the read one.",
  });
  readonly crossAttentionNorm: Norm;
  readonly crossAttention: CrossAttention;
  readonly residCross = new Tap(residualAxes, {
    holds: "The residual stream between attention to the read text and the MLP.",
  });
  readonly postAttentionNorm: Norm;
  readonly mlp: Mlp;

  constructor(config: EncoderDecoderConfig) {
    super();
    const { hidden, heads, headDim, norm } = config;
    this.inputNorm = new Norm(hidden, norm);
    this.selfAttn = new Attention(hidden, attentionOf(config));
    this.crossAttentionNorm = new Norm(hidden, norm);
    this.crossAttention = new CrossAttention(hidden, heads, headDim);
    this.postAttentionNorm = new Norm(hidden, norm);
    this.mlp = new Mlp(hidden, mlpOf(config));
  }

  get siteNotes() {
    return notes;
  }

  get outputAxes(): ResidualAxes {
    return residualAxes;
  }

  /** @param x the residual stream, (batch, target, hidden) */
  override forward(x: MxArray, pass: Pass, source: Source, cache?: CrossLayerCache): MxArray {
    const written = this.selfAttn.forward(this.inputNorm.forward(x), pass, cache?.own);
    const middle = this.residMid.forward(mx.add(x, written));
    const asked = this.crossAttentionNorm.forward(middle);
    const read = this.crossAttention.forward(asked, source, cache?.source);
    const both = this.residCross.forward(mx.add(middle, read));
    return mx.add(both, this.mlp.forward(this.postAttentionNorm.forward(both)));
  }
}
