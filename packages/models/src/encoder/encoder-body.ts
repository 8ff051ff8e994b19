/** BERT under its head: embeddings and layers that see both ways. */

import {
  checkList,
  checkOptions,
  type Embedding,
  InvalidArgumentError,
  isArray,
  type MxArray,
  mx,
  nn,
} from "@mlxterp/mlx";
import { checkIds } from "../decoder/model/pass-arguments.js";
import { Norm } from "../decoder/norm/norm.js";
import { endMask } from "../decoder/positions/padding.js";
import { checkLengths } from "./check-lengths.js";
import type { BertConfig } from "./config.js";
import { EncoderLayer } from "./layer.js";

/** How one forward pass differs from a plain one over whole rows. */
export interface BertPassOptions {
  /** The number of real tokens of each row; what follows is padding and is seen by nobody. Default: all. */
  readonly lengths?: readonly number[];
  /** The kind of each token, (batch, position) int32. Default: 0. */
  readonly tokenTypes?: MxArray;
}

export class EncoderBody extends nn.Module {
  readonly embedTokens: Embedding;
  readonly embedPositions: Embedding;
  /** Absent where there are no kinds of tokens. */
  readonly embedTokenTypes: Embedding | undefined;
  readonly padToken: number | undefined;
  /** The width of the residual stream. */
  readonly hidden: number;
  readonly embedNorm: Norm;
  readonly layers: EncoderLayer[];

  constructor(config: BertConfig) {
    super();
    const { vocab, hidden, maxPositions, tokenTypes, padToken, layers, norm } = config;
    this.embedTokens = new nn.Embedding(vocab, hidden);
    this.padToken = padToken;
    this.hidden = hidden;
    this.embedPositions = new nn.Embedding(maxPositions + this.firstRow, hidden);
    if (tokenTypes > 0) this.embedTokenTypes = new nn.Embedding(tokenTypes, hidden);
    this.embedNorm = new Norm(hidden, norm);
    this.layers = Array.from({ length: layers }, () => new EncoderLayer(config));
  }

  /** Of the first position. */
  private get firstRow(): number {
    return this.padToken === undefined ? 0 : this.padToken + 1;
  }

  /** The last layer's output, (batch, position, hidden). @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
  protected read(ids: MxArray, options: BertPassOptions): MxArray {
    checkIds(ids);
    checkOptions<BertPassOptions>("forward", options, { lengths: checkList, tokenTypes: true });
    const { lengths, tokenTypes } = options;
    const { layers } = this;
    checkLengths(ids, lengths);
    let x = this.embed(ids, tokenTypes);
    const mask = lengths ? endMask(lengths, ids.shape[1], x.dtype) : null;
    for (let index = 0; index < layers.length; index++) x = layers[index].forward(x, mask);
    return x;
  }

  /** @param ids (batch, position); returns the input of layer 0, (batch, position, hidden) */
  embed(ids: MxArray, tokenTypes?: MxArray): MxArray {
    checkIds(ids);
    const { embedTokenTypes, embedPositions } = this;
    checkKinds(ids, tokenTypes, embedTokenTypes?.weight.shape[0] ?? 0);
    const [, length] = ids.shape;
    const positions = embedPositions.weight.shape[0] - this.firstRow;
    if (length > positions) {
      const rule = `${length} tokens exceed this model's ${positions} positions.`;
      throw new InvalidArgumentError("ids", length, rule);
    }
    const places = embedPositions.forward(this.rowsOf(ids));
    const tokens = this.embedTokens.forward(ids);
    const kinds = embedTokenTypes?.forward(tokenTypes ?? mx.zerosLike(ids));
    return this.embedNorm.forward(mx.add(kinds ? mx.add(tokens, kinds) : tokens, places));
  }

  /** (position) or, where one token is not counted, (batch, position) */
  private rowsOf(ids: MxArray): MxArray {
    const { padToken } = this;
    if (padToken === undefined) return mx.arange(0, ids.shape[1], 1, mx.int32);
    const counted = mx.notEqual(ids, padToken).astype(mx.int32);
    return mx.add(mx.multiply(mx.cumsum(counted, 1), counted), padToken).astype(mx.int32);
  }
}

/** MLX checks no index. @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
function checkKinds(ids: MxArray, tokenTypes: MxArray | undefined, kinds: number): void {
  if (tokenTypes === undefined) return;
  const integers = isArray(tokenTypes) && mx.issubdtype(tokenTypes.dtype, mx.integer);
  const fits = integers && tokenTypes.shape.join() === ids.shape.join();
  if (fits && Number(mx.min(tokenTypes).item()) >= 0 && Number(mx.max(tokenTypes).item()) < kinds)
    return;
  const rule =
    kinds === 0
      ? "this encoder knows no kinds of tokens."
      : `must be integers from 0 to ${kinds - 1} of the shape [${ids.shape.join(", ")}].`;
  throw new InvalidArgumentError("tokenTypes", tokenTypes, rule);
}
