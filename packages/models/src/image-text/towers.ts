/** The two encoders: of texts, each token seeing those before it, and of pictures, whose patches see all. */
import { nameAxes, type SiteNotes } from "@mlxterp/core";
import {
  type Embedding,
  InvalidArgumentError,
  type Linear,
  type MxArray,
  mx,
  nn,
} from "@mlxterp/mlx";
import { residualAxes } from "../decoder/axes.js";
import { DecoderLayer } from "../decoder/model/layer.js";
import { checkIds } from "../decoder/model/pass-arguments.js";
import { plainPositions } from "../decoder/model/positions.js";
import { Norm } from "../decoder/norm/norm.js";
import { createCausalMask } from "../decoder/positions/pass.js";
import { checkPixels, cutPatches, type PatchSizes, patchCount } from "../vision/patches.js";
import { plainLayer } from "../vision/plain-layer.js";
import type { ImageTextConfig, TowerConfig } from "./config.js";

const embeddingAxes = ["batch", "hidden"] as const;

const layersOf = ({ layers, ...sizes }: TowerConfig) =>
  Array.from({ length: layers }, () => {
    return new DecoderLayer(sizes.hidden, plainLayer({ ...sizes, qkvBias: true }));
  });

const textNotes = {
  embedTokens: { holds: "The tokens' embeddings.", axes: residualAxes },
  embedPositions: { holds: "The embeddings of positions.", axes: residualAxes },
  finalNorm: { holds: "The residual stream, normalised; its place at the end of a text is read." },
  projection: {
    holds: "A text's embedding, before it is made as long as one.",
    axes: embeddingAxes,
  },
} as const satisfies SiteNotes;

export class TextTower extends nn.Module {
  readonly endToken: number | undefined;
  readonly causalMask = createCausalMask();
  readonly embedTokens: Embedding;
  readonly embedPositions: Embedding;
  readonly layers: DecoderLayer[];
  readonly finalNorm: Norm;
  readonly projection: Linear;

  constructor({ text, width }: ImageTextConfig) {
    super();
    const { vocab, maxPositions, endToken, hidden, norm } = text;
    this.endToken = endToken;
    this.embedTokens = new nn.Embedding(vocab, hidden);
    this.embedPositions = new nn.Embedding(maxPositions, hidden);
    this.layers = layersOf(text);
    this.finalNorm = new Norm(hidden, norm);
    this.projection = new nn.Linear(hidden, width, false);
  }

  get siteNotes() {
    return textNotes;
  }

  get outputAxes(): typeof embeddingAxes {
    return embeddingAxes;
  }

  /**
   * @param ids (batch, position) int32; what follows the end of a text is seen by nobody that is read
   * @returns (batch, hidden)
   */
  override forward(ids: MxArray): MxArray {
    const { layers } = this;
    let x = this.embed(ids);
    const mask = this.causalMask(ids.shape[1], ids.shape[1], x.dtype);
    const pass = { positions: plainPositions(ids.shape[1]), mask: () => mask };
    for (let index = 0; index < layers.length; index++) x = layers[index].forward(x, pass);
    return this.projection.forward(this.atEnd(this.finalNorm.forward(x), ids));
  }

  private embed(ids: MxArray): MxArray {
    checkIds(ids);
    const [, length] = ids.shape;
    const longest = this.embedPositions.weight.shape[0];
    if (length > longest) {
      const rule = `${length} tokens exceed this model's ${longest} positions.`;
      throw new InvalidArgumentError("ids", length, rule);
    }
    const rows = mx.broadcastTo(mx.arange(0, length, 1, mx.int32), ids.shape);
    return mx.add(this.embedTokens.forward(ids), this.embedPositions.forward(rows));
  }

  /** (batch, position, hidden) → (batch, hidden) */
  private atEnd(states: MxArray, ids: MxArray): MxArray {
    const { endToken } = this;
    const marks = endToken === undefined ? ids : mx.equal(ids, endToken).astype(mx.int32);
    const place = mx.argmax(marks, 1, true).astype(mx.int32); // (batch, 1), the first of equals
    const here = mx.equal(mx.arange(0, ids.shape[1], 1, mx.int32), place).astype(states.dtype);
    return mx.sum(mx.multiply(states, mx.expandDims(here, 2)), 1);
  }
}

const visionNotes = {
  patchProj: { holds: "Each patch as a vector, before positions are added.", axes: residualAxes },
  embedNorm: { holds: "What the first layer reads.", axes: residualAxes },
  finalNorm: { holds: "The first place of the residual stream, which is read, normalised." },
  projection: {
    holds: "A picture's embedding, before it is made as long as one.",
    axes: embeddingAxes,
  },
} as const satisfies SiteNotes;

/** Its rows are pictures and its places patches, which the prompts, texts, have nothing to do with. */
export class PictureTower extends nn.Module {
  readonly sizes: PatchSizes;
  readonly patchProj: Linear;
  classToken: MxArray; // (hidden)
  readonly embedPositions: Embedding;
  readonly embedNorm: Norm;
  readonly layers: DecoderLayer[];
  readonly finalNorm: Norm;
  readonly projection: Linear;

  constructor({ vision, width }: ImageTextConfig) {
    super();
    const { channels, patch, hidden, norm, height, width: across } = vision;
    this.sizes = Object.freeze({ channels, patch, height, width: across });
    this.patchProj = new nn.Linear(channels * patch * patch, hidden, false);
    this.classToken = mx.zeros([hidden]);
    this.embedPositions = new nn.Embedding(patchCount(vision) + 1, hidden);
    this.embedNorm = new Norm(hidden, norm);
    this.layers = layersOf(vision);
    this.finalNorm = new Norm(hidden, norm, { pooled: true });
    this.projection = new nn.Linear(hidden, width, false);
    nameAxes(this, { batch: "images", position: "patches", query: "patches", key: "patches" });
  }

  get siteNotes() {
    return visionNotes;
  }

  get outputAxes(): typeof embeddingAxes {
    return embeddingAxes;
  }

  /**
   * @param pixels (images, channels, height, width), as the model's image processor scales them
   * @returns (images, hidden)
   * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for pixels of another shape
   */
  override forward(pixels: MxArray): MxArray {
    const { layers } = this;
    let x = this.embedNorm.forward(this.embed(pixels));
    const pass = { positions: plainPositions(x.shape[1]), mask: () => null, bothWays: true };
    for (let index = 0; index < layers.length; index++) x = layers[index].forward(x, pass);
    return this.projection.forward(this.finalNorm.forward(x.index(mx.Slice(), 0)));
  }

  private embed(pixels: MxArray): MxArray {
    checkPixels(pixels, this.sizes);
    const patches = this.patchProj.forward(cutPatches(pixels, this.sizes));
    const [images, count, hidden] = patches.shape;
    const first = mx.broadcastTo(this.classToken.reshape([1, 1, hidden]), [images, 1, hidden]);
    const rows = mx.arange(0, count + 1, 1, mx.int32).reshape([1, -1]);
    return mx.add(mx.concatenate([first, patches], 1), this.embedPositions.forward(rows));
  }
}
