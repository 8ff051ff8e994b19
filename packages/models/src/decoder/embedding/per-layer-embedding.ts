/** The embeddings of a token that each layer has for itself: looked up, and read off the token's common embedding. */
import { type Embedding, type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import type { NormConfig } from "../config/norm-config.js";
import { Norm } from "../norm/norm.js";
import { ScaledEmbedding } from "./scaled-embedding.js";

export interface PerLayerOptions {
  readonly hidden: number;
  /** How many layers there are. */
  readonly layers: number;
  /** How many tokens have embeddings. */
  readonly vocab: number;
  /** Of the embedding of one layer. */
  readonly width: number;
  readonly norm: NormConfig;
}

export class PerLayerEmbedding extends nn.Module {
  readonly layers: number;
  readonly width: number;
  readonly rows: number;
  readonly projectionScale: number;
  readonly table: Embedding;
  readonly projection: Linear;
  readonly norm: Norm;

  constructor({ hidden, layers, vocab, width, norm }: PerLayerOptions) {
    super();
    this.layers = layers;
    this.width = width;
    this.rows = vocab;
    this.projectionScale = hidden ** -0.5;
    this.table = new ScaledEmbedding(vocab, layers * width, Math.sqrt(width));
    this.projection = new nn.Linear(hidden, layers * width, false);
    this.norm = new Norm(width, norm, { headAxis: "groups" });
  }

  /**
   * @param ids (batch, position); those of sounds and pictures have no embedding of their own, and take that of token 0
   * @param common their embeddings, (batch, position, hidden)
   * @returns (batch, position, layers, width)
   */
  override forward(ids: MxArray, common: MxArray): MxArray {
    const shape = [...ids.shape, this.layers, this.width];
    const known = mx.where(mx.less(ids, this.rows), ids, mx.zerosLike(ids));
    const looked = this.table.forward(known).reshape(shape);
    const projected = mx.multiply(this.projection.forward(common), this.projectionScale);
    const read = this.norm.forward(projected.reshape(shape));
    return mx.multiply(mx.add(read, looked), Math.SQRT1_2);
  }
}
