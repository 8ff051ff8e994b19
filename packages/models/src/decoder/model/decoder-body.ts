/** What every decoder has under its head: embeddings, layers and the final norm, composed from a description. */
import type { SiteNotes } from "@mlxterp/core";
import {
  checkRecord,
  type Embedding,
  InvalidArgumentError,
  type Linear,
  type MxArray,
  mx,
  nn,
} from "@mlxterp/mlx";
import { residualAxes } from "../axes.js";
import type { KeyValueCache } from "../cache/cache.js";
import type { AttentionConfig, DecoderConfig } from "../config/config.js";
import { checkDecoderConfig } from "../config/config-rules.js";
import { PerLayerEmbedding } from "../embedding/per-layer-embedding.js";
import { ProjectedEmbedding } from "../embedding/projected-embedding.js";
import { ScaledEmbedding } from "../embedding/scaled-embedding.js";
import { Norm } from "../norm/norm.js";
import { createAlibi } from "../positions/alibi.js";
import { endMask, paddingMask, resolvePadding } from "../positions/padding.js";
import {
  chunkMask,
  createCausalMask,
  createTwoSidedMask,
  hiddenKeys,
  type Pass,
  type Positions,
  passMasks,
} from "../positions/pass.js";
import { createRotation } from "../positions/rope.js";
import { regimesOf } from "../positions/rope-frequencies.js";
import { DecoderLayer, type LayerParts } from "./layer.js";
import { checkIds, checkPassOptions } from "./pass-arguments.js";
import { locateTokens, plainPositions, positionRows } from "./positions.js";

/** How one forward pass differs from a plain one over whole prompts. */
export interface DecoderPassOptions {
  /** Earlier keys and values; ids are then only the new tokens. */
  readonly cache?: KeyValueCache;
  /** Added to the causal mask, (batch, 1, 1 or query, key): 0 for real tokens, a large negative number for padding. */
  readonly mask?: MxArray;
  /**
   * How many pads stand at the left of each row, 0 for none: no token sees them, and real tokens count from 0. Given
   * with the first pass into a cache, which remembers it, or the first after a prefix that all rows have in common.
   */
  readonly padding?: readonly number[];
  /** The position of every token, (batch, position), where they do not count from the cache's end. */
  readonly positions?: readonly (readonly number[])[];
  /** Computes the logits of the last position only. Default: false. */
  readonly lastOnly?: boolean;
}

/** What a pass of a model without a next token may be given. */
export interface BodyPassOptions extends Omit<DecoderPassOptions, "lastOnly"> {
  /** The number of real tokens of each row; what follows is padding. Default: all. */
  readonly lengths?: readonly number[];
}

export const bodyNotes = {
  embedTokens: {
    holds: "The tokens' embeddings as they are added to the residual stream, so after any scale.",
    axes: residualAxes,
    hook: "hook_embed",
  },
  embedPositions: {
    holds: "The embeddings of learned positions.",
    axes: residualAxes,
    hook: "hook_pos_embed",
  },
  embedNorm: { holds: "The normalised embeddings." },
  perLayer: {
    holds: "Every layer's own embedding of each token; only in families that have them.",
  },
  "layers.*": { inside: "blocks.*" },
  finalNorm: { holds: "What the head reads.", inside: "ln_final" },
} as const satisfies SiteNotes;

/** What layers made of a text, and how its cache takes note of that once nothing can fail any more. */
interface Read {
  /** After the final norm, (batch, position, width). */
  readonly states: MxArray;
  readonly settle: () => void;
}

export class DecoderBody extends nn.Module {
  readonly maxPositions: number | undefined;
  /** The width of the residual stream. */
  readonly hidden: number;
  readonly positionOffset: number;
  /** Whether tokens see what comes after them. */
  readonly bothWays: boolean;
  /** @internal */
  readonly causalMask = createCausalMask();
  /** @internal See `regimesOf`. */
  readonly positionRegime: (length: number) => string;
  /** As added to the residual stream, so after any scale. */
  readonly embedTokens: Embedding;
  /** Absent unless positions are learned. */
  readonly embedPositions: Embedding | undefined;
  /** Absent in most families. */
  readonly embedNorm: Norm | undefined;
  /** Absent in most families. */
  readonly perLayer: PerLayerEmbedding | undefined;
  /** Whether layers read keys and values of earlier ones. */
  readonly sharesKeys: boolean;
  readonly layers: DecoderLayer[];
  /** Absent where a head reads the residual stream itself. */
  readonly finalNorm: Norm | undefined;
  /** To the width of the embeddings, where it is another than that of the residual stream. */
  readonly unembedProjection: Linear | undefined;

  /** @throws InvalidDecoderConfigError (`INVALID_DECODER_CONFIG`) on any unknown or contradictory field */
  constructor(config: DecoderConfig) {
    super();
    const { hidden, maxPositions, layers, finalNorm, ...rest } = checkDecoderConfig(config);
    const { learnedPositions, positionOffset = 0, embeddingNorm, embeddingWidth } = rest;
    const parts = sharedParts();
    this.positionRegime = regimesOf(layers.map(({ attention }) => attention.rope));
    this.maxPositions = maxPositions;
    this.hidden = hidden;
    this.positionOffset = positionOffset;
    this.bothWays = rest.bothWays ?? false;
    this.embedTokens = tokenEmbedding(config);
    if (learnedPositions && maxPositions) {
      this.embedPositions = new nn.Embedding(maxPositions + positionOffset, hidden);
    }
    if (embeddingNorm) this.embedNorm = new Norm(hidden, embeddingNorm);
    if (rest.perLayer) {
      this.perLayer = new PerLayerEmbedding({ hidden, layers: layers.length, ...rest.perLayer });
    }
    const read = new Set(layers.map(({ attention }) => attention.keysOf));
    this.sharesKeys = layers.some(({ attention }) => attention.keysOf !== undefined);
    this.layers = layers.map((layer, index) => {
      const shared = parts(layer.attention);
      return new DecoderLayer(hidden, layer, read.has(index) ? { ...shared, sharesAs: index } : shared); // biome-ignore format: one call
    });
    if (finalNorm) this.finalNorm = new Norm(hidden, finalNorm);
    if (embeddingWidth) this.unembedProjection = new nn.Linear(hidden, embeddingWidth, false);
  }

  get siteNotes() {
    return bodyNotes;
  }

  /**
   * @param ids (batch, position)
   * @param given positions; default: from 0
   * @returns (batch, position, hidden), the input of layer 0
   */
  embed(ids: MxArray, given?: Positions): MxArray {
    checkIds(ids);
    const positions = given ?? plainPositions(ids.shape[1]);
    const { embedPositions, embedNorm, positionOffset } = this;
    const tokens = this.embedTokens.forward(ids);
    if (!embedPositions) return embedNorm ? embedNorm.forward(tokens) : tokens;
    const rows = positionRows(positions, ids.shape, positionOffset);
    const x = mx.add(tokens, embedPositions.forward(rows));
    return embedNorm ? embedNorm.forward(x) : x;
  }

  /** Layers and the final norm over a text. @throws InvalidArgumentError (`INVALID_ARGUMENT`) as `forward` says */
  protected read(ids: MxArray, options: BodyPassOptions & { readonly lastOnly?: boolean }): Read {
    checkIds(ids);
    checkRecord("options", options);
    const { lengths, ...others } = options;
    checkPassOptions(ids.shape, others);
    const { cache } = options;
    const { layers, maxPositions } = this;
    const padding = resolvePadding(ids.shape, options);
    const positions = locateTokens(ids.shape[1], maxPositions, { ...options, padding });
    if (cache) requireSameRegime(cache, positions.end, this);
    let x = this.embed(ids, positions);
    const pass: Pass = {
      ...{ positions, mask: this.masks(x, positions, { ...options, padding }) },
      bothWays: this.bothWays,
      ...(this.sharesKeys && { shared: new Map() }),
    };
    const own = this.perLayer?.forward(ids, x); // (batch, position, layers, width)
    const grown = cache?.copy(options.padding && padding); // so that a pass that fails leaves the cache as it was
    for (let index = 0; index < layers.length; index++) {
      const memory = grown?.layer(index);
      const embedding = own?.index(mx.Slice(), mx.Slice(), index);
      x = embedding
        ? layers[index].forward(x, pass, memory, embedding)
        : layers[index].forward(x, pass, memory);
    }
    const states = this.finalNorm ? this.finalNorm.forward(x) : x;
    const settle = () => {
      grown?.advance(ids.shape, padding);
      if (grown) cache?.adopt(grown);
    };
    return { states, settle };
  }

  /** @param states (…, hidden); returns them at the width that heads read */
  protected narrow(states: MxArray): MxArray {
    return this.unembedProjection ? this.unembedProjection.forward(states) : states;
  }

  private masks(
    x: MxArray,
    positions: Positions,
    { cache, mask, padding, lengths }: BodyPassOptions,
  ): Pass["mask"] {
    const { causalMask, bothWays } = this;
    const { dtype } = x;
    const length = x.shape[1];
    const total = length + (cache?.length ?? 0);
    const pads = (keys: number) =>
      padding ? paddingMask(padding, { first: total - keys, keys, dtype }) : null;
    const ends = bothWays && lengths ? endMask(lengths, length, dtype) : null;
    const twoSided = createTwoSidedMask(length, dtype);
    return passMasks({
      keys: total,
      causal: (keys, window, chunk) => {
        if (bothWays) return twoSided(window);
        return chunk !== undefined && chunk < positions.end
          ? chunkMask(positions, { queries: length, keys, chunk, dtype })
          : causalMask(length, keys, dtype, window);
      },
      others: ends ? () => ends : hiddenKeys(mask, pads),
    });
  }
}

/** What tells lengths apart at which positions turn in different ways. */
export interface Regimes {
  readonly maxPositions: number | undefined;
  readonly positionRegime: (length: number) => string;
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) where a cache's keys are turned in another way than its next ones */
export function requireSameRegime(
  { length, padding = [0] }: { readonly length: number; readonly padding?: readonly number[] },
  end: number,
  { positionRegime, maxPositions = Number.POSITIVE_INFINITY }: Regimes,
): void {
  const seen = Math.min(length - Math.min(...padding), maxPositions);
  if (length === 0 || positionRegime(seen) === positionRegime(end)) return;
  const rule =
    `its keys are those of a text of ${seen} positions, but this model's rope scaling turns them in another way in one ` +
    `of ${end}. Read the whole text into an empty cache, as \`generate\` does.`;
  throw new InvalidArgumentError("cache", seen, rule);
}

/** Rows of a description's embeddings, scaled or led to another width where it says so. */
export function tokenEmbedding(
  config: Pick<DecoderConfig, "vocab" | "hidden" | "embeddingScale" | "embeddingWidth">,
): Embedding {
  const { vocab, hidden, embeddingScale, embeddingWidth } = config;
  if (embeddingWidth) return new ProjectedEmbedding(vocab, embeddingWidth, hidden);
  if (embeddingScale === undefined) return new nn.Embedding(vocab, hidden);
  return new ScaledEmbedding(vocab, hidden, embeddingScale);
}

/** One rotation and one bias, and so one set of tables, for all layers that have the same. */
export function sharedParts(): (attention: AttentionConfig) => LayerParts {
  const rotations = remembered(createRotation);
  const biases = remembered(createAlibi);
  return ({ rope, alibi, headDim, heads, latent }) => ({
    rotate: rope && rotations(rope, latent?.rotaryDim ?? headDim),
    scoreBias: alibi && biases(alibi, heads),
  });
}

/** The same result for equal inputs. */
function remembered<C, T>(make: (config: C, size: number) => T): (config: C, size: number) => T {
  const made = new Map<string, T>();
  return (config, size) => {
    const key = JSON.stringify([size, config]);
    const result = made.get(key) ?? make(config, size);
    made.set(key, result);
    return result;
  };
}
