/** The head of an embedding model: one vector for each text. */
import { type Axes, type SiteNotes, Tap } from "@mlxterp/core";
import { type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import { activations } from "../decoder/mlp/activations.js";
import type { EmbeddingConfig, EmbeddingLayerConfig } from "./config.js";
import { type PoolingName, pool, type Rows } from "./pooling.js";

/** Below it a vector has no direction: what torch divides by at least. */
const leastLength = 1e-12;

/** Pools, multiplies and normalises, as the modules of sentence-transformers do. */
export class EmbeddingHead extends nn.Module {
  readonly pooling: readonly PoolingName[];
  readonly normalized: boolean;
  readonly kinds: readonly EmbeddingLayerConfig["activation"][];
  readonly pooled = new Tap(["batch", "hidden"], {
    holds: "What of the text is embedded, before any further layer.",
  });
  readonly layers: Linear[];

  constructor({ pooling, layers, normalized }: EmbeddingConfig) {
    super();
    this.pooling = pooling;
    this.normalized = normalized;
    this.kinds = layers.map(({ activation }) => activation);
    this.layers = layers.map(({ from, to, bias }) => new nn.Linear(from, to, bias));
  }

  get outputAxes(): readonly ["batch", "hidden"] {
    return ["batch", "hidden"];
  }

  get siteNotes(): SiteNotes {
    const axes: Axes = ["batch", "hidden"];
    return {
      output: { holds: "The text's vector." },
      "layers.*": { holds: "A layer behind what was pooled, before its nonlinearity.", axes },
    };
  }

  /**
   * @param states (batch, position, hidden)
   * @returns (batch, width)
   */
  override forward(states: MxArray, rows: Rows): MxArray {
    const vectors = this.pooling.map((how) => pool(states, rows, how));
    let x = this.pooled.forward(vectors.length === 1 ? vectors[0] : mx.concatenate(vectors, -1));
    for (let index = 0; index < this.layers.length; index++) {
      x = apply(this.kinds[index], this.layers[index].forward(x));
    }
    if (!this.normalized) return x;
    const length = mx.sqrt(mx.sum(mx.square(x), -1, true));
    return mx.divide(x, mx.maximum(length, leastLength));
  }
}

function apply(kind: EmbeddingLayerConfig["activation"], x: MxArray): MxArray {
  if (kind === "none") return x;
  return kind === "tanh" ? mx.tanh(x) : activations[kind](x);
}
