/** What encoders with a head for masked tokens have in common. */
import type { Embedding, Module, MxArray } from "@mlxterp/mlx";
import type { LogitsAxes } from "../decoder/axes.js";
import type { DecoderLayer } from "../decoder/model/layer.js";
import type { Norm } from "../decoder/norm/norm.js";
import type { EncoderLayer } from "./layer.js";
import type { MaskedHead } from "./masked-head.js";

/** An encoder with the head for masked tokens: BERT, or a decoder's layers that see both ways. */
export interface MaskedModule extends Module {
  readonly embedTokens: Embedding;
  readonly embedPositions: Embedding | undefined;
  readonly embedNorm: Norm | undefined;
  readonly layers: (DecoderLayer | EncoderLayer)[];
  /** Absent in encoders that normalise the residual stream itself. */
  readonly finalNorm?: Norm | undefined;
  readonly head: MaskedHead;
  readonly outputAxes: LogitsAxes;
  embed(ids: MxArray): MxArray;
  unembed(x: MxArray): MxArray;
}
