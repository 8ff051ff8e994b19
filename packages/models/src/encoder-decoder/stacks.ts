/** The two stacks of layers: one reads a text both ways, the other writes one token by token. */
import { nameAxes, type SiteNotes } from "@mlxterp/core";
import { type MxArray, mx, nn } from "@mlxterp/mlx";
import { type ResidualAxes, residualAxes } from "../decoder/axes.js";
import { DecoderLayer } from "../decoder/model/layer.js";
import { plainPositions } from "../decoder/model/positions.js";
import { Norm } from "../decoder/norm/norm.js";
import { createCausalMask, type Pass } from "../decoder/positions/pass.js";
import type { EncoderDecoderCache } from "./cache.js";
import type { EncoderDecoderConfig } from "./config.js";
import type { Source } from "./cross-attention.js";
import { CrossLayer } from "./cross-layer.js";
import { DistanceBias } from "./distance-bias.js";
import { layerOf } from "./layer-config.js";

const encoderNotes = {
  input: { holds: "The embeddings of the read text.", axes: residualAxes },
  distanceBias: { holds: "What all layers add to their scores, by distance." },
  finalNorm: { holds: "What the decoder reads." },
} as const satisfies SiteNotes;

export class EncoderStack extends nn.Module {
  readonly distanceBias: DistanceBias;
  readonly layers: DecoderLayer[];
  readonly finalNorm: Norm;

  constructor(config: EncoderDecoderConfig) {
    super();
    const { hidden, heads, encoderLayers, distances, norm } = config;
    this.distanceBias = new DistanceBias(heads, distances, true);
    const layer = layerOf(config);
    this.layers = Array.from({ length: encoderLayers }, () => new DecoderLayer(hidden, layer));
    this.finalNorm = new Norm(hidden, norm);
  }

  get siteNotes() {
    return encoderNotes;
  }

  get outputAxes(): ResidualAxes {
    return residualAxes;
  }

  /**
   * @param x embeddings, (batch, position, hidden)
   * @param ends hides the ends of shorter rows, (batch, 1, 1, key)
   */
  override forward(x: MxArray, ends: MxArray | null): MxArray {
    const { layers } = this;
    const [batch, length] = x.shape;
    const bias = this.distanceBias.forward({ shape: [batch, length, length], offset: 0 });
    const mask = (ends ? mx.add(bias, ends) : bias).astype(x.dtype);
    const pass: Pass = { positions: plainPositions(length), mask: () => mask, bothWays: true };
    let stream = x;
    for (let index = 0; index < layers.length; index++)
      stream = layers[index].forward(stream, pass);
    return this.finalNorm.forward(stream);
  }
}

const decoderNotes = {
  input: { holds: "The embeddings of the written text.", axes: residualAxes },
  distanceBias: { holds: "What all layers add to their scores of the written text, by distance." },
  finalNorm: { holds: "What logits are read off, before any scale." },
} as const satisfies SiteNotes;

/** Positions in it are those of the written text: `target`, which selections of a prompt's positions are not about. */
export class DecoderStack extends nn.Module {
  readonly distanceBias: DistanceBias;
  readonly layers: CrossLayer[];
  readonly finalNorm: Norm;
  readonly causalMask = createCausalMask();

  constructor(config: EncoderDecoderConfig) {
    super();
    const { hidden, heads, decoderLayers, distances, norm } = config;
    this.distanceBias = new DistanceBias(heads, distances, false);
    this.layers = Array.from({ length: decoderLayers }, () => new CrossLayer(config));
    this.finalNorm = new Norm(hidden, norm);
    nameAxes(this, { position: "target", query: "target", key: "target" });
  }

  get siteNotes() {
    return decoderNotes;
  }

  get outputAxes(): ResidualAxes {
    return residualAxes;
  }

  /** @param x embeddings, (batch, target, hidden) */
  override forward(x: MxArray, source: Source, cache?: EncoderDecoderCache): MxArray {
    const { layers } = this;
    const [batch, length] = x.shape;
    const offset = cache?.length ?? 0;
    const keys = offset + length;
    const bias = this.distanceBias.forward({ shape: [batch, length, keys], offset });
    const later = this.causalMask(length, keys, x.dtype);
    const mask = (later ? mx.add(bias, later) : bias).astype(x.dtype);
    const positions = plainPositions(length, offset);
    const pass: Pass = { positions, mask: () => mask };
    let stream = x;
    for (let index = 0; index < layers.length; index++) {
      stream = layers[index].forward(stream, pass, source, cache?.layer(index));
    }
    return this.finalNorm.forward(stream);
  }
}
