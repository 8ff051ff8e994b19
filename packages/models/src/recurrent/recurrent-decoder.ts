/** The decoder of recurrent and hybrid families: token ids in, logits out, composed from its description. */

import type { SiteNotes } from "@mlxterp/core";
import {
  checkBoolean,
  checkList,
  checkOptions,
  checkWidth,
  type Embedding,
  type Linear,
  type MxArray,
  mx,
  nn,
} from "@mlxterp/mlx";
import { softly } from "../decoder/attention/heads.js";
import { type LogitsAxes, logitsAxes, residualAxes } from "../decoder/axes.js";
import {
  type Regimes,
  requireSameRegime,
  sharedParts,
  tokenEmbedding,
} from "../decoder/model/decoder-body.js";
import { checkIds, checkPositions, instanceOf } from "../decoder/model/pass-arguments.js";
import { locateTokens } from "../decoder/model/positions.js";
import { Norm } from "../decoder/norm/norm.js";
import { paddingMask, realTokens, resolvePadding } from "../decoder/positions/padding.js";
import { createCausalMask, hiddenKeys, type Pass, passMasks } from "../decoder/positions/pass.js";
import { regimesOf } from "../decoder/positions/rope-frequencies.js";
import { RecurrentCache } from "./caches/cache.js";
import type { RecurrentConfig } from "./config.js";
import { RecurrentLayer } from "./layer.js";

/** How one forward pass differs from a plain one over whole prompts. */
export interface RecurrentPassOptions {
  /** The memory of earlier tokens; ids are then only the new ones. */
  readonly cache?: RecurrentCache;
  /** How many pads stand at the left of each row, 0 for none: they leave the memory as it is, and no token sees them. */
  readonly padding?: readonly number[];
  /** The position of every token, (batch, position), where they do not count from the cache's end. */
  readonly positions?: readonly (readonly number[])[];
  /** Computes the logits of the last position only. Default: false. */
  readonly lastOnly?: boolean;
}

const decoderNotes = {
  embedTokens: {
    holds: "The tokens' embeddings as they are added to the residual stream, so after any scale.",
    axes: residualAxes,
    hook: "hook_embed",
  },
  "layers.*": { inside: "blocks.*" },
  finalNorm: { holds: "What the head reads.", inside: "ln_final" },
  output: { holds: "The logits." },
} as const satisfies SiteNotes;

/**
 * A language model of layers that remember in a state of fixed size, attend, or do both.
 *
 * @example
 * const decoder = new RecurrentDecoder(config);
 * const logits = decoder.forward(mx.array([[1, 5, 2]], mx.int32)); // (batch, position, vocab)
 */
export class RecurrentDecoder extends nn.Module implements Regimes {
  readonly maxPositions: number | undefined;
  /** The width of the residual stream. */
  readonly hidden: number;
  readonly logitScale: number | undefined;
  readonly logitSoftCap: number | undefined;
  /** @internal */
  readonly causalMask = createCausalMask();
  /** @internal See `regimesOf`. */
  readonly positionRegime: (length: number) => string;
  readonly embedTokens: Embedding;
  readonly layers: RecurrentLayer[];
  /** Absent where logits are read off the residual stream itself. */
  readonly finalNorm: Norm | undefined;
  /** Absent where logits are read off the embedding matrix. */
  readonly lmHead: Linear | undefined;

  constructor(config: RecurrentConfig) {
    super();
    const { vocab, hidden, layers, finalNorm, head, residualInFloat32 } = config;
    const parts = sharedParts();
    this.positionRegime = regimesOf(layers.map(({ attention }) => attention?.rope));
    this.hidden = hidden;
    this.maxPositions = config.maxPositions;
    this.logitScale = head.scale;
    this.logitSoftCap = head.softCap;
    this.embedTokens = tokenEmbedding(config);
    this.layers = layers.map((layer) => {
      const shared = layer.attention && parts(layer.attention);
      return new RecurrentLayer(hidden, layer, { ...shared, residualInFloat32 });
    });
    if (finalNorm) this.finalNorm = new Norm(hidden, finalNorm);
    if (!head.tied) this.lmHead = new nn.Linear(hidden, vocab, head.bias);
  }

  get siteNotes() {
    return decoderNotes;
  }

  get outputAxes(): LogitsAxes {
    return logitsAxes;
  }

  /**
   * @param ids (batch, position) int32, within the vocabulary: MLX does not check them
   * @returns logits, (batch, position, vocab)
   * @throws InvalidArgumentError (`INVALID_ARGUMENT`) when positions exceed `maxPositions`, padding is impossible or the
   * memory is of other rows; the memory then stays as it was
   */
  override forward(ids: MxArray, options: RecurrentPassOptions = {}): MxArray {
    checkIds(ids);
    checkOptions<RecurrentPassOptions>("forward", options, {
      cache: instanceOf(RecurrentCache, "what model.createCache() returns"),
      padding: checkList,
      positions: checkList,
      lastOnly: checkBoolean,
    });
    checkPositions(ids.shape, options.positions);
    const { cache, lastOnly } = options;
    const padding = resolvePadding(ids.shape, options);
    const positions = locateTokens(ids.shape[1], this.maxPositions, { ...options, padding });
    if (cache) requireSameRegime(cache, positions.end, this);
    let x = this.embedTokens.forward(ids);
    const mask = this.masks(x, cache, padding);
    const given = options.padding && padding;
    const real = given && realTokens(given, ids.shape[1], x.dtype);
    const pads = given && real && { counts: given, real };
    const pass = { attention: { positions, mask }, pads };
    const grown = cache?.copy(given); // so that a pass that fails leaves the memory as it was
    for (const [index, layer] of this.layers.entries()) {
      x = layer.forward(x, pass, grown?.layer(index));
    }
    const last = lastOnly ? x.index("...", mx.Slice(-1, null), mx.Slice()) : x;
    const logits = this.unembed(this.normalize(last));
    grown?.advance(ids.shape, padding);
    if (grown) cache?.adopt(grown);
    return logits;
  }

  /** @param x the residual stream, (…, hidden); what the head reads of it */
  normalize(x: MxArray): MxArray {
    checkWidth("x", x, this.hidden);
    const { finalNorm } = this;
    return finalNorm ? finalNorm.forward(x.astype(finalNorm.weight?.dtype ?? x.dtype)) : x;
  }

  /** @param x (…, hidden), after the final norm; returns logits, (…, vocab) */
  unembed(x: MxArray): MxArray {
    checkWidth("x", x, this.hidden);
    const { lmHead, logitScale, logitSoftCap } = this;
    const read = lmHead ? lmHead.forward(x) : this.embedTokens.asLinear(x);
    const logits = logitScale === undefined ? read : mx.multiply(read, logitScale);
    return logitSoftCap === undefined ? logits : softly(logits, logitSoftCap);
  }

  private masks(
    { dtype, shape: [, length] }: MxArray,
    cache: RecurrentCache | undefined,
    padding: readonly number[] | undefined,
  ): Pass["mask"] {
    const total = length + (cache?.length ?? 0);
    const pads = (keys: number) =>
      padding ? paddingMask(padding, { first: total - keys, keys, dtype }) : null;
    return passMasks({
      keys: total,
      causal: (keys, window) => this.causalMask(length, keys, dtype, window),
      others: hiddenKeys(undefined, pads),
    });
  }
}
