/** A one-head causal language model with taps, small enough to be written down here: token ids in, logits out. */
import { type Embedding, type Linear, type MxArray, mx, type NormLayer, nn } from "@mlxterp/mlx";
import type { Axes } from "../../src/axes.js";
import type { Tokenizer } from "../../src/tokens/tokens.js";
import type { SiteNotes } from "../../src/tree/site-notes.js";
import { Tap } from "../../src/tree/tap.js";

const width = 8;
const vocab = 11;

class Attention extends nn.Module {
  query: Linear = new nn.Linear(width, width);
  key: Linear = new nn.Linear(width, width);
  pattern = new Tap(["batch", "heads", "query", "key"], { holds: "The pattern.", hook: "hook_pattern" }); // biome-ignore format: one line for each
  result = new Tap(["batch", "position", "heads", "hidden"], { holds: "Each head's write.", hook: "hook_result" }); // biome-ignore format: one line for each

  override forward(x: MxArray): MxArray {
    const length = x.shape[1];
    const [q, k] = [this.query.forward(x), this.key.forward(x)];
    const hidden = mx.multiply(mx.subtract(1, mx.tri(length, length, 0)), -1e9);
    const weights = () =>
      mx.softmax(mx.expandDims(mx.add(mx.matmul(q, k.swapaxes(1, 2)), hidden), 1), -1);
    if (this.pattern.changed) {
      return this.write(mx.matmul(this.pattern.forward(weights()).squeeze(1), x));
    }
    this.pattern.derive(weights);
    return this.write(mx.matmul(weights().squeeze(1), x)); // stands for a fused kernel
  }

  private write(z: MxArray): MxArray {
    if (this.result.changed) return this.result.forward(mx.expandDims(z, 2)).squeeze(2);
    this.result.derive(() => mx.expandDims(z, 2));
    return z;
  }
}

class Layer extends nn.Module {
  norm: NormLayer = new nn.LayerNorm(width);
  selfAttn = new Attention();
  residMid = new Tap(["batch", "position", "hidden"], { holds: "The sum with attention.", hook: "hook_resid_mid" }); // biome-ignore format: one line for each
  mlp: Linear = new nn.Linear(width, width);

  get siteNotes() {
    return {
      input: { holds: "The residual stream before the layer.", hook: "hook_resid_pre" },
      output: { hook: "hook_resid_post" },
      selfAttn: { hook: "hook_attn_out", inside: "attn" },
      mlp: { hook: "hook_mlp_out" },
    } as const satisfies SiteNotes;
  }

  override forward(x: MxArray): MxArray {
    const middle = this.residMid.forward(mx.add(x, this.selfAttn.forward(this.norm.forward(x))));
    return mx.add(middle, nn.relu(this.mlp.forward(middle)));
  }
}

export class CausalModel extends nn.Module {
  embedTokens: Embedding = new nn.Embedding(vocab, width);
  layers: Layer[];
  finalNorm: NormLayer = new nn.LayerNorm(width);
  lmHead: Linear = new nn.Linear(width, vocab);

  constructor(depth = 2) {
    super();
    this.layers = Array.from({ length: depth }, () => new Layer());
  }

  override forward(ids: MxArray): MxArray {
    let x = this.embedTokens.forward(ids);
    for (const layer of this.layers) x = layer.forward(x);
    return this.lmHead.forward(this.finalNorm.forward(x));
  }

  get siteNotes() {
    return {
      embedTokens: { hook: "hook_embed" },
      "layers.*": { inside: "blocks.*" },
    } as const satisfies SiteNotes;
  }

  get outputAxes(): Axes {
    return ["batch", "position", "vocab"];
  }
}

/** One token for each letter from a to k. */
export const letters: Tokenizer = {
  encode: (text) => [...text].map((letter) => letter.charCodeAt(0) - 97),
  decode: (ids) => ids.map((id) => String.fromCharCode(97 + id)).join(""),
  pieces: (ids) => ids.map((id) => String.fromCharCode(97 + id)),
  vocabSize: vocab,
};
