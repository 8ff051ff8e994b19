/** The one decoder behind every family: token ids in, logits out, composed from its description. */
import type { Axes } from "@mlxterp/core";
import {
  type Embedding,
  InvalidArgumentError,
  type Linear,
  type MxArray,
  mx,
  nn,
} from "@mlxterp/mlx";
import type { KeyValueCache } from "./cache.js";
import { checkDecoderConfig, type DecoderConfig, type RopeConfig } from "./config.js";
import { DecoderLayer } from "./layer.js";
import { Norm } from "./norm.js";
import { createCausalMask, type Pass, type Positions } from "./pass.js";
import { createRotation, type Rotation } from "./rope.js";

/** How one forward pass differs from a plain one over whole prompts. */
export interface DecoderPassOptions {
  /** Earlier keys and values; ids are then only the new tokens. */
  readonly cache?: KeyValueCache;
  /** Added to the causal mask, (batch, 1, 1 or query, key): 0 for real tokens, a large negative number for padding. */
  readonly mask?: MxArray;
  /** The position of every token, (batch, position), where they do not count from the cache's end. */
  readonly positions?: readonly (readonly number[])[];
  /** Computes the logits of the last position only. Default: false. */
  readonly lastOnly?: boolean;
}

/**
 * A decoder language model of any supported family.
 *
 * @example
 * const decoder = new Decoder(config);
 * const logits = decoder.forward(mx.array([[1, 5, 2]], mx.int32)); // (batch, position, vocab)
 */
export class Decoder extends nn.Module {
  readonly maxPositions: number | undefined;
  readonly causalMask = createCausalMask();
  readonly embedTokens: Embedding;
  /** Absent unless positions are learned. */
  readonly embedPositions: Embedding | undefined;
  readonly layers: DecoderLayer[];
  readonly finalNorm: Norm;
  /** Absent where logits are read off the embedding matrix. */
  readonly lmHead: Linear | undefined;

  /** @throws InvalidDecoderConfigError (`INVALID_DECODER_CONFIG`) on any unknown or contradictory field */
  constructor(config: DecoderConfig) {
    super();
    const { vocab, hidden, maxPositions, learnedPositions, layers, finalNorm, head } =
      checkDecoderConfig(config);
    const rotation = sharedRotations();
    this.maxPositions = maxPositions;
    this.embedTokens = new nn.Embedding(vocab, hidden);
    if (learnedPositions && maxPositions) {
      this.embedPositions = new nn.Embedding(maxPositions, hidden);
    }
    this.layers = layers.map(
      (layer) =>
        new DecoderLayer(hidden, layer, rotation(layer.attention.headDim, layer.attention.rope)),
    );
    this.finalNorm = new Norm(hidden, finalNorm);
    if (!head.tied) this.lmHead = new nn.Linear(hidden, vocab, head.bias);
  }

  /**
   * @param ids (batch, position) int32, within the vocabulary: MLX does not check them
   * @returns logits, (batch, position, vocab)
   * @throws InvalidArgumentError (`INVALID_ARGUMENT`) when positions exceed `maxPositions`
   */
  override forward(ids: MxArray, options: DecoderPassOptions = {}): MxArray {
    const { cache, lastOnly } = options;
    const { layers } = this;
    const positions = this.locate(ids.shape[1], options);
    let x = this.embed(ids, positions);
    const pass: Pass = { positions, mask: this.mask(x, options) };
    for (let index = 0; index < layers.length; index++) {
      x = layers[index].forward(x, pass, cache?.layer(index));
    }
    x = this.finalNorm.forward(x);
    return this.unembed(lastOnly ? x.index("...", mx.Slice(-1, null), mx.Slice()) : x);
  }

  /**
   * @param ids (batch, position)
   * @param positions default: from 0
   * @returns (batch, position, hidden), the input of layer 0
   */
  embed(ids: MxArray, positions: Positions = plainPositions(ids.shape[1])): MxArray {
    const { embedPositions } = this;
    const x = this.embedTokens.forward(ids);
    if (!embedPositions) return x;
    return mx.add(x, embedPositions.forward(positionIds(positions, ids.shape)));
  }

  /** @param x (…, hidden), after the final norm; returns logits, (…, vocab) */
  unembed(x: MxArray): MxArray {
    const { lmHead } = this;
    return lmHead ? lmHead.forward(x) : this.embedTokens.asLinear(x);
  }

  /** What the output's axes mean. */
  get outputAxes(): Axes {
    return ["batch", "position", "vocab"];
  }

  private locate(length: number, { cache, positions }: DecoderPassOptions): Positions {
    const offset = cache?.length ?? 0;
    const end = positions ? endOf(positions) : offset + length;
    if (this.maxPositions !== undefined && end > this.maxPositions) {
      throw new InvalidArgumentError(
        "ids",
        end,
        `a sequence of ${end} tokens exceeds this model's ${this.maxPositions} positions.`,
      );
    }
    return { offset, end, ids: positions && mx.array(positions, mx.int32) };
  }

  private mask(x: MxArray, { cache, mask }: DecoderPassOptions): MxArray | null {
    const length = x.shape[1];
    const causal = this.causalMask(length, length + (cache?.length ?? 0), x.dtype);
    if (!mask) return causal;
    return causal ? mx.add(causal, mask) : mask;
  }
}

/** One more than the largest position. */
function endOf(positions: readonly (readonly number[])[]): number {
  const all = positions.flat();
  const wrong = all.find((position) => !Number.isInteger(position) || position < 0);
  if (wrong === undefined) return 1 + Math.max(...all);
  throw new InvalidArgumentError(
    "positions",
    wrong,
    `position ${wrong} is not a whole number from 0.`,
  );
}

function plainPositions(length: number): Positions {
  return { offset: 0, end: length, ids: undefined };
}

function positionIds({ offset, ids }: Positions, [batch, length]: number[]): MxArray {
  return ids ?? mx.broadcastTo(mx.arange(offset, offset + length, 1, mx.int32), [batch, length]);
}

/** One rotation, and so one set of tables, for all layers that turn alike. */
function sharedRotations() {
  const made = new Map<string, Rotation>();
  return (headDim: number, rope: RopeConfig | undefined): Rotation | undefined => {
    if (!rope) return undefined;
    const key = JSON.stringify([headDim, rope]);
    const rotation = made.get(key) ?? createRotation(rope, headDim);
    made.set(key, rotation);
    return rotation;
  };
}
