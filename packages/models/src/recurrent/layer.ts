/** One layer of a recurrent model: a mixer, attention or both, then the MLP if there is one. */
import { type SiteNotes, Tap } from "@mlxterp/core";
import { type MxArray, mx, nn } from "@mlxterp/mlx";
import { Attention } from "../decoder/attention/attention.js";
import { type ResidualAxes, residualAxes } from "../decoder/axes.js";
import type { FeedForward } from "../decoder/experts/feed-forward.js";
import { MixtureOfExperts } from "../decoder/experts/moe.js";
import { Mlp } from "../decoder/mlp/mlp.js";
import type { LayerParts } from "../decoder/model/layer.js";
import { Norm } from "../decoder/norm/norm.js";
import type { Pass } from "../decoder/positions/pass.js";
import type { RecurrentLayerCache } from "./caches/cache.js";
import type { RecurrentLayerConfig } from "./config.js";
import { createMixer } from "./mixers/create-mixer.js";
import type { Mixer, Pads } from "./mixers/mixer.js";

/** What the layers of one pass share. */
export interface RecurrentPass {
  /** Positions and masks, for attention. */
  readonly attention: Pass;
  /** The pads that the pass begins with; undefined where there are none. */
  readonly pads: Pads | undefined;
}

const layerNotes = {
  input: { holds: "The residual stream before the layer.", hook: "hook_resid_pre" },
  output: { holds: "The residual stream after the layer.", hook: "hook_resid_post" },
  inputNorm: { holds: "What mixer and attention read.", inside: "ln1" },
  mixer: { holds: "The mixer's write to the residual stream, as it is added." },
  selfAttn: {
    holds: "Attention's write to the residual stream, as it is added.",
    hook: "hook_attn_out",
    inside: "attn",
  },
  postAttentionNorm: { holds: "What the MLP reads.", inside: "ln2" },
  mlp: {
    holds: "The MLP's write to the residual stream, as it is added.",
    hook: "hook_mlp_out",
    inside: "mlp",
  },
} as const satisfies SiteNotes;

export class RecurrentLayer extends nn.Module {
  readonly residualInFloat32: boolean;
  readonly attentionInputScale: number | undefined;
  readonly inputNorm: Norm;
  /** Absent where the layer only attends. */
  readonly mixer: Mixer | undefined;
  /** Absent where the layer only remembers. */
  readonly selfAttn: Attention | undefined;
  /** Absent in layers without an MLP. */
  readonly residMid: Tap<ResidualAxes, "hook_resid_mid"> | undefined;
  readonly postAttentionNorm: Norm | undefined;
  readonly mlp: FeedForward | undefined;

  /** @param parts what attention shares with other layers' */
  constructor(
    hidden: number,
    config: RecurrentLayerConfig,
    parts: LayerParts & { readonly residualInFloat32?: boolean } = {},
  ) {
    super();
    const { inputNorm, mixer, attention, postAttentionNorm, mlp } = config;
    this.residualInFloat32 = parts.residualInFloat32 ?? false;
    this.attentionInputScale = config.attentionInputScale;
    this.inputNorm = new Norm(hidden, inputNorm);
    if (mixer) this.mixer = createMixer(hidden, mixer);
    if (attention) this.selfAttn = new Attention(hidden, attention, parts);
    if (!mlp) return;
    this.residMid = new Tap(residualAxes, {
      holds: "The residual stream between the mixer or attention and the MLP.",
      hook: "hook_resid_mid",
    });
    if (postAttentionNorm) this.postAttentionNorm = new Norm(hidden, postAttentionNorm);
    const { experts } = mlp;
    this.mlp = experts ? new MixtureOfExperts(hidden, mlp, experts) : new Mlp(hidden, mlp);
  }

  get siteNotes() {
    return layerNotes;
  }

  get outputAxes(): ResidualAxes {
    return residualAxes;
  }

  /** @param x the residual stream, (batch, position, hidden) */
  override forward(x: MxArray, pass: RecurrentPass, cache?: RecurrentLayerCache): MxArray {
    const { inputNorm, mixer, selfAttn, residMid, postAttentionNorm, mlp } = this;
    const read = inputNorm.forward(x.astype(inputNorm.weight?.dtype ?? x.dtype));
    let stream = this.residualInFloat32 ? x.astype(mx.float32) : x;
    if (mixer) stream = mx.add(stream, mixer.forward(read, cache?.mixer, pass.pads));
    if (selfAttn) {
      const scale = this.attentionInputScale;
      const scaled = scale === undefined ? read : mx.multiply(read, scale);
      stream = mx.add(stream, selfAttn.forward(scaled, pass.attention, cache?.attention));
    }
    if (!mlp || !residMid) return stream;
    const middle = residMid.forward(stream);
    return mx.add(middle, mlp.forward(postAttentionNorm?.forward(middle) ?? middle));
  }
}
