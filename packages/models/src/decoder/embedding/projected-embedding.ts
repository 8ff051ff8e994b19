/** Token embeddings of another width than the residual stream, and the matrix that takes them there. */
import { type Linear, type MxArray, nn } from "@mlxterp/mlx";

/** Its output is what enters the residual stream; as a tied unembedding it is the narrow matrix. */
export class ProjectedEmbedding extends nn.Embedding {
  readonly projection: Linear;

  constructor(rows: number, width: number, hidden: number) {
    super(rows, width);
    this.projection = new nn.Linear(width, hidden, false);
  }

  override forward(ids: MxArray): MxArray {
    return this.projection.forward(super.forward(ids));
  }
}
