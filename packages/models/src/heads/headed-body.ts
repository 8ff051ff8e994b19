/** Decoders and encoders with a head that does not say which token comes. */
import { checkList, checkOptions, type MxArray } from "@mlxterp/mlx";
import type { DecoderConfig } from "../decoder/config/config.js";
import { type BodyPassOptions, DecoderBody } from "../decoder/model/decoder-body.js";
import type { BodyModule } from "../encoder/body-module.js";
import { checkLengths } from "../encoder/check-lengths.js";
import type { BertConfig } from "../encoder/config.js";
import { type BertPassOptions, EncoderBody } from "../encoder/encoder-body.js";
import { ClassifierHead } from "./classifier-head.js";
import type { HeadConfig } from "./config.js";
import { EmbeddingHead } from "./embedding-head.js";

/** What stands on a body. */
export type Head = ClassifierHead | EmbeddingHead;

/** A model with a head of its own. */
export interface HeadedModule<H extends Head = Head> extends BodyModule {
  readonly head: H;
  readonly outputAxes: H["outputAxes"];
}

const headOf = (hidden: number, head: HeadConfig): Head =>
  head.kind === "embedding" ? new EmbeddingHead(head) : new ClassifierHead(hidden, head);

/** The layers of a decoder under a head. */
export class HeadedDecoder<H extends Head = Head> extends DecoderBody implements HeadedModule<H> {
  readonly head: H;

  constructor(config: DecoderConfig, head: HeadConfig) {
    super(config);
    this.head = headOf(config.embeddingWidth ?? config.hidden, head) as H; // as its description says
  }

  get outputAxes(): H["outputAxes"] {
    return this.head.outputAxes;
  }

  /**
   * @param ids (batch, position) int32
   * @throws InvalidArgumentError (`INVALID_ARGUMENT`)
   */
  override forward(ids: MxArray, options: Pick<BodyPassOptions, "lengths"> = {}): MxArray {
    checkOptions<typeof options>("forward", options, { lengths: checkList });
    checkLengths(ids, options.lengths);
    const { states } = this.read(ids, options);
    return this.head.forward(this.narrow(states), { ids, lengths: options.lengths });
  }
}

/** The layers of an encoder under a head. */
export class HeadedEncoder<H extends Head = Head> extends EncoderBody implements HeadedModule<H> {
  readonly head: H;

  constructor(config: BertConfig, head: HeadConfig) {
    super(config);
    this.head = headOf(config.hidden, head) as H; // as its description says
  }

  get outputAxes(): H["outputAxes"] {
    return this.head.outputAxes;
  }

  /**
   * @param ids (batch, position) int32
   * @throws InvalidArgumentError (`INVALID_ARGUMENT`)
   */
  override forward(ids: MxArray, options: BertPassOptions = {}): MxArray {
    const states = this.read(ids, options);
    return this.head.forward(states, { ids, lengths: options.lengths });
  }
}
