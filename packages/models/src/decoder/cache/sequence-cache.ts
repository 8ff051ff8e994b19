/** What a model keeps of the tokens it has seen, whatever its layers keep: how far it is, whose it is, and its copies. */
import {
  checkBoolean,
  checkList,
  checkOptions,
  checkPositiveInteger,
  checkWholeNumber,
  InvalidArgumentError,
  type MxArray,
} from "@mlxterp/mlx";
import { type CacheOwner, requireSameOwner } from "../../cache-owner.js";

export interface CacheOptions {
  /**
   * Whether layers that see a window of keys hold no more than they will see again. Patterns keep their full key axis,
   * but scores and patterns can be changed only from the first pass on. Default: true.
   */
  readonly sliding?: boolean;
}

/** One layer's share. */
export interface LayerMemory<L> {
  /** Everything held. */
  arrays(): MxArray[];
  /** @param pads how many pads each row of the next pass begins with: they go before what is held */
  copy(pads?: readonly number[]): L;
  repeated(rows: number): L;
}

function checkPads(pads: readonly number[] | undefined): void {
  if (pads === undefined) return;
  checkList("pads", pads);
  for (const [row, count] of pads.entries()) checkWholeNumber(`pads[${row}]`, count);
}

/** The memory of one sequence or batch. */
export abstract class SequenceCache<L extends LayerMemory<L>> {
  readonly sliding: boolean;
  #layers: L[] = [];
  #length = 0;
  #batch: number | undefined;
  #owner: CacheOwner | undefined;
  #padding: readonly number[] | undefined;

  constructor(options: CacheOptions = {}) {
    checkOptions<CacheOptions>("createCache", options, { sliding: checkBoolean });
    const { sliding = true } = options;
    this.sliding = sliding;
  }

  /** @internal Whether it was made by its class, and is neither a stand-in nor an heir of one that was. */
  static isBuilt(cache: object): boolean {
    return #length in cache;
  }

  /** An empty share of one layer. */
  protected abstract emptyLayer(): L;

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

  /** @internal The share of one layer, made at its first use. */
  layer(index: number): L {
    this.#layers[index] ??= this.emptyLayer();
    return this.#layers[index];
  }

  /** The shares of all layers that have been used. */
  protected get layers(): readonly L[] {
    return this.#layers;
  }

  /** Fills an empty cache, for a pass that is given one row. */
  protected starting(layers: readonly L[], length: number): this {
    this.#layers = [...layers];
    this.#length = length;
    this.#batch = 1;
    return this;
  }

  /** @internal Everything held, to be evaluated together with what a step computes. */
  arrays(): MxArray[] {
    return this.#layers.flatMap((layer) => layer.arrays());
  }

  /** Makes an empty cache one that continues from here. */
  protected into<C extends SequenceCache<L>>(copy: C, pads?: readonly number[]): C {
    checkPads(pads);
    copy.adopt(this, pads);
    return copy;
  }

  /** Makes an empty cache one with so many rows, all of which continue from the one that is here. */
  protected intoRows<C extends SequenceCache<L>>(copy: C, rows: number): C {
    checkPositiveInteger("rows", rows);
    if ((this.#batch ?? 1) !== 1) {
      const rule = `the cache holds ${this.#batch} rows, and only one can be repeated.`;
      throw new InvalidArgumentError("rows", rows, rule);
    }
    copy.adopt(this);
    copy.#layers = this.#layers.map((layer) => layer.repeated(rows));
    copy.#batch = this.#batch && rows;
    return copy;
  }

  /** @internal Goes on from where another cache is. */
  adopt(other: SequenceCache<L>, pads?: readonly number[]): void {
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

  /** @internal Counts what a pass has added to every layer. */
  advance([batch, length]: readonly number[], padding: readonly number[] | undefined): void {
    this.#batch = batch;
    this.#length += length;
    this.#padding = padding;
  }
}
