/** A decoder's layers that see both ways, with the head that says which token a position holds. */
import { checkList, checkOptions, checkWidth, type MxArray } from "@mlxterp/mlx";
import { type LogitsAxes, logitsAxes } from "../decoder/axes.js";
import type { DecoderConfig } from "../decoder/config/config.js";
import { DecoderBody } from "../decoder/model/decoder-body.js";
import { checkLengths } from "./check-lengths.js";
import { MaskedHead, type MaskedHeadConfig } from "./masked-head.js";

/** What is said of the head beside what it shares with the layers. */
export type TwoSidedHeadConfig = Omit<MaskedHeadConfig, "hidden" | "vocab">;

/** How one forward pass differs from a plain one over whole rows. */
interface PassOptions {
  /** The number of real tokens of each row; what follows is padding and is seen by nobody. Default: all. */
  readonly lengths?: readonly number[];
}

export class TwoSidedEncoder extends DecoderBody {
  readonly headConfig: TwoSidedHeadConfig;
  readonly head: MaskedHead;

  constructor(config: DecoderConfig, head: TwoSidedHeadConfig) {
    super(config);
    this.headConfig = head;
    this.head = new MaskedHead({ hidden: config.hidden, vocab: config.vocab, ...head });
  }

  get outputAxes(): LogitsAxes {
    return logitsAxes;
  }

  /**
   * @param ids (batch, position) int32, within the vocabulary: MLX does not check them
   * @returns logits, (batch, position, vocab)
   * @throws InvalidArgumentError (`INVALID_ARGUMENT`) when there are more tokens than positions
   */
  override forward(ids: MxArray, options: PassOptions = {}): MxArray {
    checkOptions<PassOptions>("forward", options, { lengths: checkList });
    checkLengths(ids, options.lengths);
    return this.unembed(this.read(ids, options).states);
  }

  /** @param x (batch, position, hidden), after the final norm; returns logits */
  unembed(x: MxArray): MxArray {
    checkWidth("x", x, this.hidden);
    return this.head.forward(x, this.embedTokens);
  }
}
