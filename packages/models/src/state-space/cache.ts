/** What a state-space model remembers of the tokens it has seen, for generation. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { type CacheOwner, requireSameOwner } from "../cache-owner.js";

/** One layer's memory; its size does not grow. */
export class MixerCache {
  /** The last inputs of the convolution, (batch, kernel - 1, channels). */
  window: MxArray | undefined;
  /** (batch, channels, state) */
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

/**
 * The memory of one sequence or batch. Pass it to every `forward`; it then takes only the new tokens.
 *
 * @example
 * const cache = new StateCache();
 * mamba.forward(mx.array([[1, 5, 2]], mx.int32), { cache });
 * mamba.forward(mx.array([[7]], mx.int32), { cache }).shape; // [1, 1, 507]
 */
export class StateCache {
  #layers: MixerCache[] = [];
  #length = 0;
  #batch: number | undefined;
  #owner: CacheOwner | undefined;

  /** Positions seen so far, padding included. */
  get length(): number {
    return this.#length;
  }

  /** Rows of every pass; undefined before the first. */
  get batch(): number | undefined {
    return this.#batch;
  }

  /** The memory of one layer, made at its first use. */
  layer(index: number): MixerCache {
    this.#layers[index] ??= new MixerCache();
    return this.#layers[index];
  }

  /** Everything held, to be evaluated together with what a step computes. */
  arrays(): MxArray[] {
    return this.#layers.flatMap(({ window, state }) =>
      [window, state].filter((array) => array !== undefined),
    );
  }

  /** A memory that continues from here by itself: a prefix is read once and continued many times. */
  copy(): StateCache {
    const copy = new StateCache();
    copy.adopt(this);
    return copy;
  }

  /** A copy with so many rows, all of which continue from the one that is here. */
  repeated(rows: number): StateCache {
    const copy = this.copy();
    copy.#layers = this.#layers.map((layer) => layer.repeated(rows));
    copy.#batch = this.#batch && rows;
    return copy;
  }

  /** Goes on from where another memory is. */
  adopt(other: StateCache): void {
    this.#layers = other.#layers.map((layer) => layer.copy());
    this.#length = other.#length;
    this.#batch = other.#batch;
    this.#owner = other.#owner ?? this.#owner;
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
  advance([batch, length]: readonly number[]): void {
    this.#batch = batch;
    this.#length += length;
  }
}
