/** What a recurrent model remembers of the tokens it has seen, for generation. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { LayerCache } from "../../decoder/cache/cache.js";
import { type LayerMemory, SequenceCache } from "../../decoder/cache/sequence-cache.js";

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
export class RecurrentLayerCache implements LayerMemory<RecurrentLayerCache> {
  constructor(
    readonly mixer: MixerCache,
    readonly attention: LayerCache,
  ) {}

  arrays(): MxArray[] {
    const { window, state } = this.mixer;
    const held = [window, state].filter((array) => array !== undefined);
    return [...held, ...this.attention.arrays()];
  }

  copy(pads?: readonly number[]): RecurrentLayerCache {
    return new RecurrentLayerCache(this.mixer.copy(), this.attention.copy(pads));
  }

  repeated(rows: number): RecurrentLayerCache {
    return new RecurrentLayerCache(this.mixer.repeated(rows), this.attention.repeated(rows));
  }
}

/**
 * The memory of one sequence or batch. Pass it to every `forward`; it then takes only the new tokens.
 *
 * @example
 * const cache = new RecurrentCache();
 * decoder.forward(mx.array([[1, 5, 2]], mx.int32), { cache });
 * decoder.forward(mx.array([[7]], mx.int32), { cache }).shape; // [1, 1, 507]
 */
export class RecurrentCache extends SequenceCache<RecurrentLayerCache> {
  protected override emptyLayer(): RecurrentLayerCache {
    return new RecurrentLayerCache(new MixerCache(), new LayerCache(this.sliding));
  }

  /**
   * A memory that continues from here by itself: a prefix is read once and continued many times.
   *
   * @param pads how many pads each row of the copy's next pass begins with. Default: none
   */
  copy(pads?: readonly number[]): RecurrentCache {
    return this.into(new RecurrentCache({ sliding: this.sliding }), pads);
  }

  /** A copy with so many rows, all of which continue from the one that is here. */
  repeated(rows: number): RecurrentCache {
    return this.intoRows(new RecurrentCache({ sliding: this.sliding }), rows);
  }
}
