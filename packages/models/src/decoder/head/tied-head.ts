/** An unembedding that shares the embedding matrix and has a bias of its own. */
import { type Embedding, type MxArray, mx, nn } from "@mlxterp/mlx";
import { type LogitsAxes, logitsAxes } from "../axes.js";

export class TiedHead extends nn.Module {
  bias: MxArray; // (vocab)

  constructor(vocab: number) {
    super();
    this.bias = mx.zeros([vocab]);
  }

  get outputAxes(): LogitsAxes {
    return logitsAxes;
  }

  /** @param x (…, hidden); returns (…, vocab) */
  override forward(x: MxArray, embedding: Embedding): MxArray {
    return mx.add(embedding.asLinear(x), this.bias);
  }
}
