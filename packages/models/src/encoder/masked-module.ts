/** What encoders with a head for masked tokens have in common. */
import type { MxArray } from "@mlxterp/mlx";
import type { LogitsAxes } from "../decoder/axes.js";
import type { BodyModule } from "./body-module.js";
import type { MaskedHead } from "./masked-head.js";

/** An encoder with the head for masked tokens: BERT, or a decoder's layers that see both ways. */
export interface MaskedModule extends BodyModule {
  readonly head: MaskedHead;
  readonly outputAxes: LogitsAxes;
  unembed(x: MxArray): MxArray;
}
