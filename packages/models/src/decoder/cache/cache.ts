/** Keys and values of the tokens a model has already seen, for generation. */
import { checkBoolean, checkOptions, type MxArray } from "@mlxterp/mlx";
import { type CacheOwner, requireSameOwner } from "../../cache-owner.js";
import {
  appendBehindPads,
  appendPositions,
  type PositionBuffer,
  repeatRows,
} from "../positions/position-buffer.js";

/** One layer's share: rotated keys and values, (batch, kvHeads, position, headDim). */
export class LayerCache {
  /** @param sliding whether to let go of what need not be kept */
  constructor(readonly sliding = true) {}

  #keys: PositionBuffer | undefined;
  #values: PositionBuffer | undefined;
  /** Pads that the next positions begin with, to go before what is held. */
  #pads: readonly number[] | undefined;

  /**
   * Adds new positions and returns all that are held with them.
   *
   * @param keep how many of the newest stay for later passes. Default: all
   */
  append(keys: MxArray, values: MxArray, keep?: number): [keys: MxArray, values: MxArray] {
    const kept = this.sliding ? keep : undefined;
    const pads = this.#pads;
    const append = (before: PositionBuffer | undefined, added: MxArray) =>
      before && pads
        ? appendBehindPads(before, added, pads, kept)
        : appendPositions(before, added, kept);
    const ofKeys = append(this.#keys, keys);
    const ofValues = append(this.#values, values);
    this.#pads = undefined;
    this.#keys = ofKeys.after;
    this.#values = ofValues.after;
    return [ofKeys.all, ofValues.all];
  }

  /** How many positions are held. */
  get held(): number {
    return this.#keys ? this.#keys.end - this.#keys.start : 0;
  }

  /** The buffers, with room for more. */
  arrays(): MxArray[] {
    return [this.#keys, this.#values].flatMap((buffer) => (buffer ? [buffer.array] : []));
  }

  /** @param pads see `KeyValueCache.copy` */
  copy(pads?: readonly number[]): LayerCache {
    const copy = new LayerCache(this.sliding);
    copy.#keys = this.#keys;
    copy.#values = this.#values;
    copy.#pads = pads ?? this.#pads;
    return copy;
  }

  repeated(rows: number): LayerCache {
    const copy = this.copy();
    copy.#keys = this.#keys && repeatRows(this.#keys, rows);
    copy.#values = this.#values && repeatRows(this.#values, rows);
    return copy;
  }
}

export interface CacheOptions {
  /**
   * Whether layers that see a window of keys hold no more than they will see again. Patterns keep their full key axis,
   * but scores and patterns can be changed only from the first pass on. Default: true.
   */
  readonly sliding?: boolean;
}

/**
 * The cache of one sequence or batch. Pass it to every `forward`; it then takes only the new tokens.
 *
 * @example
 * const cache = new KeyValueCache();
 * decoder.forward(mx.array([[1, 5, 2]], mx.int32), { cache });
 * decoder.forward(mx.array([[7]], mx.int32), { cache }).shape; // [1, 1, 507]
 */
export class KeyValueCache {
  readonly sliding: boolean;
  #layers: LayerCache[] = [];
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

  /** The cache of one layer, made at its first use. */
  layer(index: number): LayerCache {
    this.#layers[index] ??= new LayerCache(this.sliding);
    return this.#layers[index];
  }

  /** Everything held, to be evaluated together with what a step computes. */
  arrays(): MxArray[] {
    return this.#layers.flatMap((layer) => layer.arrays());
  }

  /**
   * A cache that continues from here by itself: a prefix is read once and continued many times. Arrays are shared
   * until one of the two writes.
   *
   * @param pads how many pads each row of the copy's next pass begins with: they go before what is held. Default: none
   * @example
   * const prefix = model.createCache();
   * model.forward("Mary and John went to the park .", { cache: prefix });
   * const answers = [[[7]], [[9]]].map((next) => model.forward(next, { cache: prefix.copy() }));
   */
  copy(pads?: readonly number[]): KeyValueCache {
    const copy = new KeyValueCache({ sliding: this.sliding });
    copy.adopt(this, pads);
    return copy;
  }

  /** A copy with so many rows, all of which continue from the one that is here. */
  repeated(rows: number): KeyValueCache {
    const copy = this.copy();
    copy.#layers = this.#layers.map((layer) => layer.repeated(rows));
    copy.#batch = this.#batch && rows;
    return copy;
  }

  /** Goes on from where another cache is. */
  adopt(other: KeyValueCache, pads?: readonly number[]): void {
    this.#layers = other.#layers.map((layer) => layer.copy(pads));
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
