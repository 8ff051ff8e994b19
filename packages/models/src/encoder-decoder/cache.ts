/** What an encoder-decoder remembers while it writes: keys and values of both texts. */
import { InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import { LayerCache } from "../decoder/cache/cache.js";
import { type LayerMemory, SequenceCache } from "../decoder/cache/sequence-cache.js";

/** Keys and values of the text that is read, (batch, heads, position, headDim): the same for every token that is written. */
export class SourceMemory {
  held: readonly [keys: MxArray, values: MxArray] | undefined;
}

/** One layer's share. */
export class CrossLayerCache implements LayerMemory<CrossLayerCache> {
  readonly source = new SourceMemory();

  /** @param own of the text that is written */
  constructor(readonly own = new LayerCache()) {}

  arrays(): MxArray[] {
    return [...this.own.arrays(), ...(this.source.held ?? [])];
  }

  copy(pads?: readonly number[]): CrossLayerCache {
    const copy = new CrossLayerCache(this.own.copy(pads));
    copy.source.held = this.source.held;
    return copy;
  }

  repeated(rows: number): CrossLayerCache {
    const copy = new CrossLayerCache(this.own.repeated(rows));
    const [keys, values] = this.source.held ?? [];
    const all = (x: MxArray) => mx.repeat(x, rows, 0);
    copy.source.held = keys && values && [all(keys), all(values)];
    return copy;
  }
}

/**
 * The memory of one text that is read, or a batch of them, and of what has been written so far.
 *
 * @example
 * const cache = new EncoderDecoderCache();
 */
export class EncoderDecoderCache extends SequenceCache<CrossLayerCache> {
  /** The ids that are read; undefined before the first pass, or where they were given as an array. */
  #read: string | undefined;

  protected override emptyLayer(): CrossLayerCache {
    return new CrossLayerCache(new LayerCache(this.sliding));
  }

  copy(pads?: readonly number[]): EncoderDecoderCache {
    const copy = this.into(new EncoderDecoderCache({ sliding: this.sliding }), pads);
    copy.#read = this.#read;
    return copy;
  }

  repeated(rows: number): EncoderDecoderCache {
    return this.intoRows(new EncoderDecoderCache({ sliding: this.sliding }), rows);
  }

  /**
   * @internal Notes what is read, whose keys and values stay.
   *
   * @throws InvalidArgumentError (`INVALID_ARGUMENT`) where it holds those of another text
   */
  claimSource(ids: readonly (readonly number[])[]): void {
    const read = JSON.stringify(ids);
    if (this.length > 0 && this.#read !== undefined && this.#read !== read) {
      const rule = "it holds the keys of another text that was read. Begin with an empty cache.";
      throw new InvalidArgumentError("cache", ids, rule);
    }
    this.#read = read;
  }
}
