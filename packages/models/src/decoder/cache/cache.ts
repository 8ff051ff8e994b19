/** Keys and values of the tokens a model has already seen, for generation. */
import type { MxArray } from "@mlxterp/mlx";
import {
  appendBehindPads,
  appendPositions,
  beginningOf,
  behindBeginning,
  type PositionBuffer,
  repeatRows,
} from "../positions/position-buffer.js";
import { type LayerMemory, SequenceCache } from "./sequence-cache.js";

/** One layer's share: rotated keys and values, (batch, kvHeads, position, headDim). */
export class LayerCache implements LayerMemory<LayerCache> {
  /** @param sliding whether to let go of what need not be kept */
  constructor(readonly sliding = true) {}

  #keys: PositionBuffer | undefined;
  #values: PositionBuffer | undefined;
  /** Pads that the next positions begin with, to go before what is held. */
  #pads: readonly number[] | undefined;
  /** Whether one pass goes on from here and nothing of it is kept. */
  #once = false;

  /**
   * Adds new positions and returns all that are held with them.
   *
   * @param keep how many of the newest stay for later passes. Default: all
   */
  append(keys: MxArray, values: MxArray, keep?: number): [keys: MxArray, values: MxArray] {
    if (this.#once) {
      return [behindBeginning(this.#keys!, keys), behindBeginning(this.#values!, values)];
    }
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
    copy.#once = this.#once;
    return copy;
  }

  /** @param rows which row each row of the pass goes on from */
  beginning(length: number, rows: readonly number[]): LayerCache {
    const beginning = new LayerCache(false);
    beginning.#keys = this.#keys && beginningOf(this.#keys, length, rows);
    beginning.#values = this.#values && beginningOf(this.#values, length, rows);
    beginning.#once = true;
    return beginning;
  }

  repeated(rows: number): LayerCache {
    const copy = this.copy();
    copy.#keys = this.#keys && repeatRows(this.#keys, rows);
    copy.#values = this.#values && repeatRows(this.#values, rows);
    return copy;
  }
}

/**
 * The cache of one sequence or batch. Pass it to every `forward`; it then takes only the new tokens.
 *
 * @example
 * const cache = new KeyValueCache();
 * decoder.forward(mx.array([[1, 5, 2]], mx.int32), { cache });
 * decoder.forward(mx.array([[7]], mx.int32), { cache }).shape; // [1, 1, 507]
 */
export class KeyValueCache extends SequenceCache<LayerCache> {
  protected override emptyLayer(): LayerCache {
    return new LayerCache(this.sliding);
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
    return this.into(new KeyValueCache({ sliding: this.sliding }), pads);
  }

  /** A copy with so many rows, all of which continue from the one that is here. */
  repeated(rows: number): KeyValueCache {
    return this.intoRows(new KeyValueCache({ sliding: this.sliding }), rows);
  }

  /**
   * @internal What one pass goes on from that is changed from a position on, and that is all it is good for: whoever asks knows that the
   * positions before stay as they are. Of a cache that lets go of nothing.
   *
   * @param length how many positions, from the first, are left out of the pass
   * @param rowsOf of each layer, which row each row of the pass goes on from; rows may join the pass at later layers
   */
  beginning(length: number, rowsOf: (layer: number) => readonly number[]): KeyValueCache {
    const layers = this.layers.map((layer, at) => layer.beginning(length, rowsOf(at)));
    return new Beginning({ sliding: false }).starting(layers, length);
  }
}

/** Belongs to nobody: the pass that goes on from it is another than the one that filled it. */
class Beginning extends KeyValueCache {
  override claim(): void {
    // whose it is does not matter
  }
}
