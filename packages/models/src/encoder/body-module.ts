/** What models of one list of layers have in common, whatever head stands on it. */
import type { Embedding, Module, MxArray } from "@mlxterp/mlx";
import type { DecoderLayer } from "../decoder/model/layer.js";
import type { Norm } from "../decoder/norm/norm.js";
import type { EncoderLayer } from "./layer.js";

/** An encoder, or a decoder, below its head. */
export interface BodyModule extends Module {
  readonly embedTokens: Embedding;
  readonly embedPositions: Embedding | undefined;
  readonly embedNorm: Norm | undefined;
  readonly layers: (DecoderLayer | EncoderLayer)[];
  /** Absent in encoders that normalise the residual stream itself. */
  readonly finalNorm?: Norm | undefined;
  embed(ids: MxArray): MxArray;
}
