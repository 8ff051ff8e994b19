/** The one decoder behind every family: token ids in, logits out, composed from its description. */

import { type SiteNotes, Tap } from "@mlxterp/core";
import { checkWidth, type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import { softly } from "../attention/heads.js";
import { type LogitsAxes, logitsAxes } from "../axes.js";
import type { DecoderConfig } from "../config/config.js";
import { TiedHead } from "../head/tied-head.js";
import { bodyNotes, DecoderBody, type DecoderPassOptions } from "./decoder-body.js";

const decoderNotes = {
  ...bodyNotes,
  output: { holds: "The logits." },
} as const satisfies SiteNotes;

/**
 * A decoder language model of any supported family.
 *
 * @example
 * const decoder = new Decoder(config);
 * const logits = decoder.forward(mx.array([[1, 5, 2]], mx.int32)); // (batch, position, vocab)
 */
export class Decoder extends DecoderBody {
  readonly logitScale: number | undefined;
  readonly logitSoftCap: number | undefined;
  /** Absent where logits are read off the embedding matrix; holds no more than a bias where they are so and have one. */
  readonly lmHead: Linear | TiedHead | undefined;
  readonly rawLogits = new Tap(logitsAxes, {
    holds: "What the head gives: the logits before any scale and cap.",
    hook: ["unembed", "unembed.hook_out", "lm_head"],
  });

  /** @throws InvalidDecoderConfigError (`INVALID_DECODER_CONFIG`) on any unknown or contradictory field */
  constructor(config: DecoderConfig) {
    super(config);
    const { vocab, hidden, head, embeddingWidth } = config;
    this.logitScale = head.scale;
    this.logitSoftCap = head.softCap;
    if (!head.tied) this.lmHead = new nn.Linear(embeddingWidth ?? hidden, vocab, head.bias);
    else if (head.bias) this.lmHead = new TiedHead(vocab);
  }

  /**
   * @param ids (batch, position) int32, within the vocabulary: MLX does not check them
   * @returns logits, (batch, position, vocab)
   * @throws InvalidArgumentError (`INVALID_ARGUMENT`) when positions exceed `maxPositions`, padding is impossible or
   * the cache is of other rows, or of positions that turn in another way at this length; the cache then stays as it was
   */
  override forward(ids: MxArray, options: DecoderPassOptions = {}): MxArray {
    const { states, settle } = this.read(ids, options);
    const last = options.lastOnly ? states.index("...", mx.Slice(-1, null), mx.Slice()) : states;
    const logits = this.unembed(last);
    settle();
    return logits;
  }

  /** @param x (…, hidden), after the final norm; returns logits, (…, vocab) */
  unembed(x: MxArray): MxArray {
    checkWidth("x", x, this.hidden);
    const { lmHead, logitScale, logitSoftCap, embedTokens } = this;
    const narrow = this.narrow(x);
    // A head of its own does not look at the embedding.
    const head = lmHead ? lmHead.forward(narrow, embedTokens) : embedTokens.asLinear(narrow);
    const read = this.rawLogits.forward(head);
    const logits = logitScale === undefined ? read : mx.multiply(read, logitScale);
    return logitSoftCap === undefined ? logits : softly(logits, logitSoftCap);
  }

  override get siteNotes() {
    return decoderNotes;
  }

  /** What the output's axes mean. */
  get outputAxes(): LogitsAxes {
    return logitsAxes;
  }
}
