/** One layer: attention, then the MLP, each adding to the residual stream. */
import { type SiteNotes, Tap } from "@mlxterp/core";
import { type MxArray, mx, nn } from "@mlxterp/mlx";
import { Attention } from "../attention/attention.js";
import {
  createHeadInputs,
  type HeadInputs,
  headDifferences,
  headReading,
} from "../attention/head-inputs.js";
import { LatentAttention } from "../attention/latent-attention.js";
import type { SelfAttention } from "../attention/self-attention.js";
import { type ResidualAxes, residualAxes } from "../axes.js";
import type { LayerCache } from "../cache/cache.js";
import type { LayerConfig } from "../config/config.js";
import type { FeedForward } from "../experts/feed-forward.js";
import { MixtureOfExperts } from "../experts/moe.js";
import { Mlp } from "../mlp/mlp.js";
import { type Denominators, Norm } from "../norm/norm.js";
import type { ScoreBias } from "../positions/alibi.js";
import type { Pass } from "../positions/pass.js";
import type { Rotation } from "../positions/rope.js";
import { LayerEmbeddingWrite } from "./layer-embedding-write.js";

/** What layers of one kind share. */
export interface LayerParts {
  readonly rotate?: Rotation;
  readonly scoreBias?: ScoreBias;
  /** The layer's number, where later ones read its keys and values. */
  readonly sharesAs?: number;
}

const layerNotes = {
  input: {
    holds: "The residual stream before the layer.",
    axes: residualAxes,
    hook: "hook_resid_pre",
  },
  output: { holds: "The residual stream after the layer.", hook: "hook_resid_post" },
  inputNorm: { holds: "What attention reads.", inside: "ln1" },
  selfAttn: {
    holds: "Attention's write to the residual stream, as it is added.",
    hook: "hook_attn_out",
    inside: "attn",
  },
  "selfAttn.postNorm": { holds: "Attention's write, normalised.", inside: "ln1_post" },
  "postAttentionNorm.input": {
    holds: "What the MLP reads, before the norm.",
    axes: residualAxes,
    hook: "hook_mlp_in",
  },
  postAttentionNorm: { holds: "What the MLP reads.", inside: "ln2" },
  mlp: {
    holds: "The MLP's write to the residual stream, as it is added.",
    hook: "hook_mlp_out",
    inside: "mlp",
  },
  "mlp.postNorm": { holds: "The MLP's write, normalised.", inside: "ln2_post" },
  outputNorm: { holds: "The sum with the MLP, normalised: the layer's output." },
  embeddingWrite: {
    holds: "What is made of the layer's own embedding of each token, as it is added.",
  },
} as const satisfies SiteNotes;

export class DecoderLayer extends nn.Module {
  /** Whether the MLP reads the layer's input, as attention does. */
  readonly parallel: boolean;
  /** Whether writes are added to what is read, the normalised stream. */
  readonly addsToNormalized: boolean;
  /** Whether the MLP also reads the stream as it is, through norms of its own. */
  readonly readsStream: boolean;
  /**
   * What attention reads, by head and before the norm; absent in latent attention.
   */
  readonly attnInput: HeadInputs["attnInput"];
  readonly qInput: HeadInputs["qInput"];
  readonly kInput: HeadInputs["kInput"];
  readonly vInput: HeadInputs["vInput"];
  /** Absent where attention reads the residual stream itself. */
  readonly inputNorm: Norm | undefined;
  readonly selfAttn: SelfAttention;
  readonly residMid = new Tap(residualAxes, {
    holds:
      "The layer's input (normalised, where writes are added to that) plus attention's write, also where the MLP does not read it.",
    hook: "hook_resid_mid",
  });
  /** What the MLP reads; absent where it reads the residual stream itself, or in a parallel layer what attention reads. */
  readonly postAttentionNorm: Norm | undefined;
  readonly mlp: FeedForward;
  /** What the layer's own embedding of each token adds after the MLP; absent in most families. */
  readonly embeddingWrite: LayerEmbeddingWrite | undefined;
  /** The sum of all writes, where it is then normalised or scaled. */
  readonly residPost: Tap | undefined;
  /** Multiplies that sum, (1); absent in most families. */
  learnedScale: MxArray | null = null;
  /** Normalises the residual stream, so what a layer writes is also rescaled by all later ones. Absent in most families. */
  readonly outputNorm: Norm | undefined;

  constructor(hidden: number, config: LayerConfig, parts: LayerParts = {}) {
    super();
    const { inputNorm, attention, postAttentionNorm, mlp, outputNorm } = config;
    const { parallel = false, addsToNormalized = false, embeddingWrite, learnedScale } = config;
    this.parallel = parallel;
    this.addsToNormalized = addsToNormalized;
    const { latent } = attention;
    const { attnInput, qInput, kInput, vInput } = createHeadInputs(
      attention,
      attention.keysOf === undefined,
    );
    if (!latent) {
      if (attnInput) this.attnInput = attnInput;
      this.qInput = qInput;
      if (kInput) this.kInput = kInput;
      if (vInput) this.vInput = vInput;
    }
    if (inputNorm) this.inputNorm = new Norm(hidden, inputNorm);
    this.selfAttn = latent
      ? new LatentAttention(hidden, attention, latent, parts.rotate)
      : new Attention(hidden, attention, parts);
    if (postAttentionNorm) this.postAttentionNorm = new Norm(hidden, postAttentionNorm);
    const { experts } = mlp;
    this.mlp = experts ? new MixtureOfExperts(hidden, mlp, experts) : new Mlp(hidden, mlp);
    this.readsStream = experts?.ownNorms !== undefined;
    if (embeddingWrite) this.embeddingWrite = new LayerEmbeddingWrite(hidden, embeddingWrite);
    if (outputNorm || learnedScale) {
      this.residPost = new Tap(residualAxes, {
        holds: "The sum of all writes, before it is normalised or scaled; only where it is.",
      });
    }
    if (outputNorm) this.outputNorm = new Norm(hidden, outputNorm);
    if (learnedScale) this.learnedScale = mx.ones([1]);
  }

  get outputAxes(): ResidualAxes {
    return residualAxes;
  }

  get siteNotes() {
    return layerNotes;
  }

  /**
   * @param x the residual stream, (batch, position, hidden)
   * @param own the layer's embedding of each token, where it has one, (batch, position, width)
   */
  override forward(x: MxArray, pass: Pass, cache?: LayerCache, own?: MxArray): MxArray {
    const { inputNorm, postAttentionNorm, parallel } = this;
    const { addsToNormalized, readsStream, mlp } = this;
    const byHead = headReading(this, x, this.selfAttn);
    const used: Denominators = {}; // where a pass sets them, heads that read something of their own are divided by them too
    const read = inputNorm ? inputNorm.forward(x, used) : x;
    const by = used.by && mx.expandDims(used.by, 2);
    const normalize = (y: MxArray) => (inputNorm ? inputNorm.plain(y, by) : y);
    const differences = headDifferences(byHead, x, normalize);
    const written = this.selfAttn.forward(read, pass, cache, differences);
    const middle = this.residMid.forward(mx.add(addsToNormalized ? read : x, written));
    const stream = parallel ? x : middle;
    const unnormalized = parallel ? read : middle;
    const mlpInput = postAttentionNorm ? postAttentionNorm.forward(stream) : unnormalized;
    const said = readsStream ? mlp.forward(mlpInput, stream) : mlp.forward(mlpInput);
    const added = mx.add(addsToNormalized || this.outputNorm ? mlpInput : middle, said);
    return this.ended(added, own);
  }

  /** The layer's output, from the sum with the MLP and what comes after that. */
  private ended(sum: MxArray, own: MxArray | undefined): MxArray {
    const { embeddingWrite, residPost, outputNorm, learnedScale } = this;
    const all = embeddingWrite && own ? mx.add(sum, embeddingWrite.forward(sum, own)) : sum;
    const whole = residPost ? residPost.forward(all) : all;
    if (outputNorm) return outputNorm.forward(whole);
    return learnedScale ? mx.multiply(whole, learnedScale) : whole;
  }
}
