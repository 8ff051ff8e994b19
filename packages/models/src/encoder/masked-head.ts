/** The head that says which token a position holds. */
import { type Embedding, type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import { type LogitsAxes, logitsAxes } from "../decoder/axes.js";
import { activations } from "../decoder/mlp/activations.js";
import { Norm } from "../decoder/norm/norm.js";
import type { BertConfig } from "./config.js";

/** What a head is made from. */
export interface MaskedHeadConfig
  extends Pick<BertConfig, "hidden" | "vocab" | "norm" | "headActivation"> {
  /** Whether the transformation adds a vector. Default: true. */
  readonly denseBias?: boolean;
  /** Whether every token has a number of its own. Default: true. */
  readonly bias?: boolean;
}

/** A small transformation, then the transposed embedding matrix and a bias of its own. */
export class MaskedHead extends nn.Module {
  readonly activation: (x: MxArray) => MxArray;
  readonly dense: Linear;
  readonly norm: Norm;
  /** (vocab); absent in few families. */
  bias: MxArray | null;

  constructor({ hidden, vocab, norm, headActivation, ...biases }: MaskedHeadConfig) {
    super();
    const { denseBias = true, bias = true } = biases;
    this.activation = activations[headActivation];
    this.dense = new nn.Linear(hidden, hidden, denseBias);
    this.norm = new Norm(hidden, norm);
    this.bias = bias ? mx.zeros([vocab]) : null;
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
    const logits = embedding.asLinear(transformed);
    return this.bias ? mx.add(logits, this.bias) : logits;
  }
}
