/** Token embeddings that are multiplied before they enter the residual stream. */
import { type MxArray, mx, nn } from "@mlxterp/mlx";

/** Its output is the scaled row; as a tied unembedding it is the plain matrix. */
export class ScaledEmbedding extends nn.Embedding {
  readonly scale: number;

  constructor(rows: number, dims: number, scale: number) {
    super(rows, dims);
    this.scale = scale;
  }

  override forward(ids: MxArray): MxArray {
    return mx.multiply(super.forward(ids), this.scale);
  }
}
