/** An encoder and a decoder that reads it: ids of both texts in, logits of the written one out. */
import { nameAxes, type SiteNotes } from "@mlxterp/core";
import {
  checkBoolean,
  checkList,
  checkOptions,
  checkWidth,
  type Embedding,
  InvalidArgumentError,
  type Linear,
  type MxArray,
  mx,
  nn,
} from "@mlxterp/mlx";
import { checkIds, instanceOf } from "../decoder/model/pass-arguments.js";
import { endMask } from "../decoder/positions/padding.js";
import { checkLengths } from "../encoder/check-lengths.js";
import { EncoderDecoderCache } from "./cache.js";
import type { EncoderDecoderConfig } from "./config.js";
import type { Source } from "./cross-attention.js";
import { DecoderStack, EncoderStack } from "./stacks.js";

/** What every written text begins with. */
export const startOf = (startToken: number, rows: number): number[][] =>
  Array.from({ length: rows }, () => [startToken]);

/** What one forward pass is given beside the ids of the text that is read. */
export interface EncoderDecoderPassOptions {
  /** What has been written, (batch, target) int32, from the start token on. Default: the start token alone. */
  readonly written?: MxArray;
  /** The number of real tokens of each row that is read; what follows is padding and is seen by nobody. Default: all. */
  readonly lengths?: readonly number[];
  /** Keys and values of both texts; `written` is then only what is new. */
  readonly cache?: EncoderDecoderCache;
  /**
   * Whether the reading of a text whose keys the cache holds is built again, so that whoever looks at it or changes it finds it
   * there; nothing of it is computed. Default: true.
   */
  readonly reread?: boolean;
  /** Computes the logits of the last position only. Default: false. */
  readonly lastOnly?: boolean;
}

const notes = {
  embedTokens: {
    holds: "The embeddings of both texts: `#0` of the read one, `#1` of the written one.",
  },
  encoder: { holds: "What the decoder reads." },
  decoder: { holds: "What logits are read off, before any scale." },
  output: { holds: "The logits of the written text." },
} as const satisfies SiteNotes;

/** Source: Raffel et al. 2020, "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer", section 2.1. */
export class EncoderDecoder extends nn.Module {
  readonly startToken: number;
  /** The width of both residual streams. */
  readonly hidden: number;
  readonly headInputScale: number | undefined;
  /** Of both texts. */
  readonly embedTokens: Embedding;
  readonly encoder: EncoderStack;
  readonly decoder: DecoderStack;
  /** Absent where logits are read off the embedding matrix. */
  readonly lmHead: Linear | undefined;

  constructor(config: EncoderDecoderConfig) {
    super();
    const { vocab, hidden, head, startToken } = config;
    this.startToken = startToken;
    this.hidden = hidden;
    this.headInputScale = head.inputScale;
    // Of two texts: what selects positions of one is not about it.
    this.embedTokens = nameAxes(new nn.Embedding(vocab, hidden), { position: "target" });
    this.encoder = new EncoderStack(config);
    this.decoder = new DecoderStack(config);
    if (head.tied) return;
    this.lmHead = nameAxes(new nn.Linear(hidden, vocab, false), { position: "target" });
  }

  get siteNotes() {
    return notes;
  }

  get outputAxes(): readonly ["batch", "target", "vocab"] {
    return ["batch", "target", "vocab"];
  }

  /**
   * @param ids of the text that is read, (batch, position) int32, within the vocabulary: MLX does not check them
   * @returns logits of the written text, (batch, target, vocab)
   * @throws InvalidArgumentError (`INVALID_ARGUMENT`)
   */
  override forward(ids: MxArray, options: EncoderDecoderPassOptions = {}): MxArray {
    this.check(ids, options);
    const { cache, lengths } = options;
    const [batch, length] = ids.shape;
    const { written = this.starts(batch), reread = true, lastOnly } = options;
    const ends = lengths ? endMask(lengths, length, this.embedTokens.weight.dtype) : null;
    const known = cache !== undefined && cache.length > 0 && !reread;
    const states = known ? undefined : this.encoder.forward(this.embedTokens.forward(ids), ends);
    const source: Source = { states, mask: ends };
    const grown = cache?.copy(); // so that a pass that fails leaves the cache as it was
    const all = this.decoder.forward(this.embedTokens.forward(written), source, grown);
    const last = lastOnly ? all.index("...", mx.Slice(-1, null), mx.Slice()) : all;
    const logits = this.unembed(last);
    grown?.advance(written.shape, undefined);
    if (grown) cache?.adopt(grown);
    return logits;
  }

  /** @param x (…, hidden), after the decoder's final norm; returns logits, (…, vocab) */
  unembed(x: MxArray): MxArray {
    checkWidth("x", x, this.hidden);
    const { lmHead, headInputScale, embedTokens } = this;
    const scaled = headInputScale === undefined ? x : mx.multiply(x, headInputScale);
    return lmHead ? lmHead.forward(scaled) : embedTokens.asLinear(scaled);
  }

  private starts(batch: number): MxArray {
    return mx.array(startOf(this.startToken, batch), mx.int32);
  }

  private check(ids: MxArray, options: EncoderDecoderPassOptions): void {
    checkIds(ids);
    checkOptions<EncoderDecoderPassOptions>("forward", options, {
      written: (_, value) => checkIds(value),
      lengths: checkList,
      cache: instanceOf(EncoderDecoderCache, "what model.createCache() returns"),
      lastOnly: checkBoolean,
      reread: checkBoolean,
    });
    checkLengths(ids, options.lengths);
    const [batch] = ids.shape;
    const { written, cache } = options;
    for (const [name, rows] of [
      ["written", written?.shape[0]],
      ["cache", cache?.length ? cache.batch : undefined],
    ] as const) {
      if (rows === undefined || rows === batch) continue;
      const rule = `${rows} rows of it for ${batch} texts that are read. Give one for each.`;
      throw new InvalidArgumentError(name, rows, rule);
    }
  }
}
