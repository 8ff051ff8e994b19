/** The head that says which token a position holds. */
import { type Embedding, type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import { type LogitsAxes, logitsAxes } from "../decoder/axes.js";
import { activations } from "../decoder/mlp/activations.js";
import { Norm } from "../decoder/norm/norm.js";
import type { BertConfig } from "./config.js";

/** A small transformation, then the transposed embedding matrix and a bias of its own. */
export class MaskedHead extends nn.Module {
  readonly activation: (x: MxArray) => MxArray;
  readonly dense: Linear;
  readonly norm: Norm;
  bias: MxArray; // (vocab)

  constructor({ hidden, vocab, norm, headActivation }: BertConfig) {
    super();
    this.activation = activations[headActivation];
    this.dense = new nn.Linear(hidden, hidden, true);
    this.norm = new Norm(hidden, norm);
    this.bias = mx.zeros([vocab]);
  }

  get outputAxes(): LogitsAxes {
    return logitsAxes;
  }

  /**
   * @param x (batch, position, hidden)
   * @param embedding whose rows are the vocabulary
   * @returns logits, (batch, position, vocab)
   */
  override forward(x: MxArray, embedding: Embedding): MxArray {
    const transformed = this.norm.forward(this.activation(this.dense.forward(x)));
    return mx.add(embedding.asLinear(transformed), this.bias);
  }
}
