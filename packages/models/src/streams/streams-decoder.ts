/** A decoder whose residual stream is several: token ids in, logits out. */
import { type SiteNotes, Tap } from "@mlxterp/core";
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
import { KeyValueCache } from "../decoder/cache/cache.js";
import { PerLayerEmbedding } from "../decoder/embedding/per-layer-embedding.js";
import { ScaledEmbedding } from "../decoder/embedding/scaled-embedding.js";
import { requireSameRegime, sharedParts } from "../decoder/model/decoder-body.js";
import { checkIds, checkPositions, instanceOf } from "../decoder/model/pass-arguments.js";
import { locateTokens } from "../decoder/model/positions.js";
import { Norm } from "../decoder/norm/norm.js";
import { paddingMask, resolvePadding } from "../decoder/positions/padding.js";
import { createCausalMask, hiddenKeys, type Pass, passMasks } from "../decoder/positions/pass.js";
import { regimesOf } from "../decoder/positions/rope-frequencies.js";
import { firstOf } from "./alternating-updates.js";
import type { StreamsConfig } from "./config.js";
import { StreamsLayer } from "./layer.js";

/** How one forward pass differs from a plain one over whole prompts. */
export interface StreamsPassOptions {
  /** Earlier keys and values; ids are then only the new tokens. */
  readonly cache?: KeyValueCache;
  /** How many pads stand at the left of each row, 0 for none: no token sees them. */
  readonly padding?: readonly number[];
  /** The position of every token, (batch, position), where they do not count from the cache's end. */
  readonly positions?: readonly (readonly number[])[];
  /** Computes the logits of the last position only. Default: false. */
  readonly lastOnly?: boolean;
}

const notes = {
  embedTokens: { holds: "The tokens' embeddings: the first stream.", axes: residualAxes },
  perLayer: { holds: "Every layer's own embedding of each token, side by side." },
  finalNorm: { holds: "What the head reads." },
  output: { holds: "The logits." },
} as const satisfies SiteNotes;

/** Source: Google 2025, "Gemma 3n model overview". */
export class StreamsDecoder extends nn.Module {
  readonly maxPositions: number;
  /** The width of each stream. */
  readonly hidden: number;
  /** @internal */
  readonly positionRegime: (length: number) => string;
  readonly logitSoftCap: number | undefined;
  /** @internal */
  readonly causalMask = createCausalMask();
  readonly embedTokens: Embedding;
  readonly perLayer: PerLayerEmbedding;
  /** From the first stream to each of the others, at the beginning and at the end. */
  readonly streamProjs: Linear[];
  readonly mergeProjs: Linear[];
  readonly layers: StreamsLayer[];
  readonly merged = new Tap(residualAxes, {
    holds: "The mean of all streams, each as long as the first.",
  });
  readonly finalNorm: Norm;
  /** Absent where logits are read off the embedding matrix. */
  readonly lmHead: Linear | undefined;

  constructor(config: StreamsConfig) {
    super();
    const { vocab, hidden, layers, streams, norm, head, headDim, heads, kvHeads } = config;
    const parts = sharedParts();
    this.maxPositions = config.maxPositions;
    this.hidden = hidden;
    this.positionRegime = regimesOf(layers.map(({ rope }) => rope));
    this.logitSoftCap = head.softCap;
    this.embedTokens = new ScaledEmbedding(vocab, hidden, config.embeddingScale);
    this.perLayer = new PerLayerEmbedding({
      ...{ hidden, norm, layers: layers.length },
      ...config.perLayer,
    });
    const projections = () =>
      Array.from({ length: streams - 1 }, () => new nn.Linear(hidden, hidden, false));
    this.streamProjs = projections();
    this.mergeProjs = projections();
    this.layers = layers.map(({ rope }, index) => {
      const plain = { heads, kvHeads, headDim, scale: 1, qkvBias: false, outputBias: false };
      return new StreamsLayer(config, index, parts({ ...plain, rope }).rotate!); // there is a rope
    });
    this.finalNorm = new Norm(hidden, norm);
    if (!head.tied) this.lmHead = new nn.Linear(hidden, vocab, false);
  }

  get siteNotes() {
    return notes;
  }

  get outputAxes(): LogitsAxes {
    return logitsAxes;
  }

  /**
   * @param ids (batch, position) int32, within the vocabulary: MLX does not check them
   * @returns logits, (batch, position, vocab)
   * @throws InvalidArgumentError (`INVALID_ARGUMENT`) when positions exceed `maxPositions`, padding is impossible or the
   * cache is of other rows; the cache then stays as it was
   */
  override forward(ids: MxArray, options: StreamsPassOptions = {}): MxArray {
    checkPass(ids, options);
    const { cache, lastOnly } = options;
    const { layers } = this;
    const padding = resolvePadding(ids.shape, options);
    const positions = locateTokens(ids.shape[1], this.maxPositions, { ...options, padding });
    if (cache) requireSameRegime(cache, positions.end, this);
    const first = this.embedTokens.forward(ids);
    const own = this.perLayer.forward(ids, first); // (batch, position, layers, width)
    let x = this.spread(first);
    const pass = { positions, mask: this.masks(first, cache, padding), keys: new Map() };
    const grown = cache?.copy(options.padding && padding); // so that a pass that fails leaves the cache as it was
    for (let index = 0; index < layers.length; index++) {
      const embedding = own.index(mx.Slice(), mx.Slice(), index);
      x = layers[index].forward(x, embedding, pass, grown?.layer(index));
    }
    const last = lastOnly ? x.index(mx.Slice(), mx.Slice(-1, null)) : x;
    const logits = this.unembed(this.finalNorm.forward(this.merge(last)));
    grown?.advance(ids.shape, padding);
    if (grown) cache?.adopt(grown);
    return logits;
  }

  /** @param x (…, hidden), after the final norm; returns logits, (…, vocab) */
  unembed(x: MxArray): MxArray {
    checkWidth("x", x, this.hidden);
    const { lmHead, logitSoftCap } = this;
    const logits = lmHead ? lmHead.forward(x) : this.embedTokens.asLinear(x);
    return logitSoftCap === undefined ? logits : softly(logits, logitSoftCap);
  }

  /** The streams that the first layer reads. */
  private spread(first: MxArray): MxArray {
    const others = this.streamProjs.map((projection) => asLongAs(projection.forward(first), first));
    return mx.stack([first, ...others], 2);
  }

  /** @param x all streams, (batch, position, streams, hidden); returns one */
  private merge(x: MxArray): MxArray {
    const first = firstOf(x);
    const others = this.mergeProjs.map((projection, index) =>
      asLongAs(projection.forward(x.index(mx.Slice(), mx.Slice(), index + 1)), first),
    );
    return this.merged.forward(mx.mean(mx.stack([first, ...others], 0), 0));
  }

  private masks(
    { dtype, shape: [, length] }: MxArray,
    cache: KeyValueCache | undefined,
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

/** Scaled to the root mean square of another, (batch, position, hidden). */
function asLongAs(x: MxArray, other: MxArray): MxArray {
  const power = (y: MxArray) => mx.mean(mx.square(y), -1, true);
  const least = mx.array(1e-5, x.dtype);
  return mx.multiply(x, mx.sqrt(mx.divide(power(other), mx.maximum(power(x), least))));
}

function checkPass(ids: MxArray, options: StreamsPassOptions): void {
  checkIds(ids);
  checkOptions<StreamsPassOptions>("forward", options, {
    cache: instanceOf(KeyValueCache, "what model.createCache() returns"),
    padding: checkList,
    positions: checkList,
    lastOnly: checkBoolean,
  });
  checkPositions(ids.shape, options.positions);
}
