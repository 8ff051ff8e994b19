/** What a recurrent model remembers of the tokens it has seen, for generation. */
import { checkBoolean, checkOptions, type MxArray, mx } from "@mlxterp/mlx";
import { type CacheOwner, requireSameOwner } from "../../cache-owner.js";
import { type CacheOptions, LayerCache } from "../../decoder/cache/cache.js";

/** A mixer's memory; its size does not grow. */
export class MixerCache {
  /** The last inputs of the convolution, (batch, kernel - 1, channels). */
  window: MxArray | undefined;
  /** (batch, …, state): what is remembered of everything before. */
  state: MxArray | undefined;

  copy(): MixerCache {
    return Object.assign(new MixerCache(), this);
  }

  repeated(rows: number): MixerCache {
    const copy = new MixerCache();
    copy.window = this.window && mx.repeat(this.window, rows, 0);
    copy.state = this.state && mx.repeat(this.state, rows, 0);
    return copy;
  }
}

/** One layer's memory: a mixer's, and keys and values where it attends. */
export interface RecurrentLayerCache {
  readonly mixer: MixerCache;
  readonly attention: LayerCache;
}

/**
 * The memory of one sequence or batch. Pass it to every `forward`; it then takes only the new tokens.
 *
 * @example
 * const cache = new RecurrentCache();
 * decoder.forward(mx.array([[1, 5, 2]], mx.int32), { cache });
 * decoder.forward(mx.array([[7]], mx.int32), { cache }).shape; // [1, 1, 507]
 */
export class RecurrentCache {
  readonly sliding: boolean;
  #layers: RecurrentLayerCache[] = [];
  #length = 0;
  #batch: number | undefined;
  #owner: CacheOwner | undefined;
  #padding: readonly number[] | undefined;

  constructor(options: CacheOptions = {}) {
    checkOptions<CacheOptions>("createCache", options, { sliding: checkBoolean });
    const { sliding = true } = options;
    this.sliding = sliding;
  }

  /** Positions seen so far, padding included. */
  get length(): number {
    return this.#length;
  }

  /** Rows of every pass; undefined before the first. */
  get batch(): number | undefined {
    return this.#batch;
  }

  /** How many pads stand at the left of each row; undefined where there are none. */
  get padding(): readonly number[] | undefined {
    return this.#padding;
  }

  /** The memory of one layer, made at its first use. */
  layer(index: number): RecurrentLayerCache {
    this.#layers[index] ??= { mixer: new MixerCache(), attention: new LayerCache(this.sliding) };
    return this.#layers[index];
  }

  /** Everything held, to be evaluated together with what a step computes. */
  arrays(): MxArray[] {
    return this.#layers.flatMap(({ mixer: { window, state }, attention }) => [
      ...[window, state].filter((array) => array !== undefined),
      ...attention.arrays(),
    ]);
  }

  /**
   * A memory that continues from here by itself: a prefix is read once and continued many times.
   *
   * @param pads how many pads each row of the copy's next pass begins with. Default: none
   */
  copy(pads?: readonly number[]): RecurrentCache {
    const copy = new RecurrentCache({ sliding: this.sliding });
    copy.adopt(this, pads);
    return copy;
  }

  /** A copy with so many rows, all of which continue from the one that is here. */
  repeated(rows: number): RecurrentCache {
    const copy = this.copy();
    copy.#layers = this.#layers.map(({ mixer, attention }) => ({
      mixer: mixer.repeated(rows),
      attention: attention.repeated(rows),
    }));
    copy.#batch = this.#batch && rows;
    return copy;
  }

  /** Goes on from where another memory is. */
  adopt(other: RecurrentCache, pads?: readonly number[]): void {
    this.#layers = other.#layers.map(({ mixer, attention }) => ({
      mixer: mixer.copy(),
      attention: attention.copy(pads),
    }));
    this.#length = other.#length;
    this.#batch = other.#batch;
    this.#owner = other.#owner ?? this.#owner;
    this.#padding = other.#padding;
  }

  /**
   * @internal Notes what fills an empty cache, and refuses another for one that holds something.
   *
   * @throws CacheMismatchError (`CACHE_MISMATCH`)
   */
  claim(owner: CacheOwner): void {
    const holds = this.#owner ?? { ...owner, edits: [], interventions: undefined };
    if (this.#length > 0) requireSameOwner(holds, owner);
    this.#owner = owner;
  }

  /** @internal Leaves what it holds to whoever continues it. */
  disown(owner: CacheOwner): this {
    this.#owner = owner;
    return this;
  }

  /** Counts what a pass has added to every layer. */
  advance([batch, length]: readonly number[], padding: readonly number[] | undefined): void {
    this.#batch = batch;
    this.#length += length;
    this.#padding = padding;
  }
}
