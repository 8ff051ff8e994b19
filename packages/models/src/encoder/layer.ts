/** One layer of an encoder: attention and MLP, each added to the residual stream, which is then normalised. */
import { type SiteNotes, Tap } from "@mlxterp/core";
import { type MxArray, mx, nn } from "@mlxterp/mlx";
import { type ResidualAxes, residualAxes } from "../decoder/axes.js";
import { Mlp } from "../decoder/mlp/mlp.js";
import { Norm } from "../decoder/norm/norm.js";
import { EncoderAttention } from "./attention.js";
import type { BertConfig } from "./config.js";

/** Norms stand on the residual stream itself, so what a layer writes is also rescaled by all later ones. */
export class EncoderLayer extends nn.Module {
  readonly selfAttn: EncoderAttention;
  readonly residMid = new Tap(["batch", "position", "hidden"], {
    holds: "The sum of the layer's input and attention, before it is normalised.",
  });
  /** After attention: what the MLP reads and is added to. */
  readonly postAttentionNorm: Norm;
  readonly mlp: Mlp;
  readonly residPost = new Tap(["batch", "position", "hidden"], {
    holds: "The sum with the MLP, before it is normalised.",
  });
  /** After the MLP: the layer's output. */
  readonly outputNorm: Norm;

  constructor({ hidden, heads, mlp, norm }: BertConfig) {
    super();
    this.selfAttn = new EncoderAttention(hidden, heads);
    this.postAttentionNorm = new Norm(hidden, norm);
    this.mlp = new Mlp(hidden, { ...mlp, gated: false, bias: true });
    this.outputNorm = new Norm(hidden, norm);
  }

  get siteNotes(): SiteNotes {
    return {
      input: { holds: "What the layer reads." },
      output: { holds: "The layer's output, normalised." },
      selfAttn: { holds: "What attention adds." },
      postAttentionNorm: { holds: "After attention: what the MLP reads and is added to." },
      mlp: { holds: "What the MLP adds." },
    };
  }

  get outputAxes(): ResidualAxes {
    return residualAxes;
  }

  /**
   * @param x (batch, position, hidden)
   * @param mask added to the scores, (batch, 1, 1, key); null hides nothing
   */
  override forward(x: MxArray, mask: MxArray | null): MxArray {
    const middle = this.residMid.forward(mx.add(x, this.selfAttn.forward(x, mask)));
    const normalized = this.postAttentionNorm.forward(middle);
    const sum = this.residPost.forward(mx.add(normalized, this.mlp.forward(normalized)));
    return this.outputNorm.forward(sum);
  }
}
