/** BERT with its masked-language-model head: token ids in, logits for every position out. */
import { checkWidth, type MxArray } from "@mlxterp/mlx";
import { type LogitsAxes, logitsAxes } from "../decoder/axes.js";
import type { BertConfig } from "./config.js";
import { type BertPassOptions, EncoderBody } from "./encoder-body.js";
import { MaskedHead } from "./masked-head.js";

/**
 * A bidirectional encoder.
 *
 * @example
 * const bert = new Bert(config);
 * const logits = bert.forward(mx.array([[1, 5, 2]], mx.int32)); // (batch, position, vocab)
 */
export class Bert extends EncoderBody {
  readonly head: MaskedHead;

  constructor(config: BertConfig) {
    super(config);
    this.head = new MaskedHead(config);
  }

  get outputAxes(): LogitsAxes {
    return logitsAxes;
  }

  /**
   * @param ids (batch, position) int32, within the vocabulary: MLX does not check them
   * @returns logits, (batch, position, vocab)
   * @throws InvalidArgumentError (`INVALID_ARGUMENT`) when there are more tokens than positions
   */
  override forward(ids: MxArray, options: BertPassOptions = {}): MxArray {
    return this.unembed(this.read(ids, options));
  }

  /** @param x (batch, position, hidden), the output of a layer; returns logits */
  unembed(x: MxArray): MxArray {
    checkWidth("x", x, this.hidden);
    return this.head.forward(x, this.embedTokens);
  }
}
