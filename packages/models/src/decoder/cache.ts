/** Keys and values of the tokens a model has already seen, for generation. */
import { type MxArray, mx } from "@mlxterp/mlx";

/** One layer's share: rotated keys and values, (batch, kvHeads, position, headDim). */
export class LayerCache {
  keys: MxArray | undefined;
  values: MxArray | undefined;

  /** Adds new positions and returns all of them. */
  append(keys: MxArray, values: MxArray): [keys: MxArray, values: MxArray] {
    this.keys = this.keys ? mx.concatenate([this.keys, keys], 2) : keys;
    this.values = this.values ? mx.concatenate([this.values, values], 2) : values;
    return [this.keys, this.values];
  }
}

/**
 * The cache of one sequence or batch. Pass it to every `forward`; it then takes only the new tokens.
 *
 * @example
 * const cache = new KeyValueCache();
 * decoder.forward(prompt, { cache });
 * decoder.forward(next, { cache }); // (batch, 1)
 */
export class KeyValueCache {
  readonly #layers: LayerCache[] = [];

  /** The cache of one layer, made at its first use. */
  layer(index: number): LayerCache {
    this.#layers[index] ??= new LayerCache();
    return this.#layers[index];
  }

  /** Positions seen so far. */
  get length(): number {
    return this.#layers[0]?.keys?.shape[2] ?? 0;
  }

  /** Everything held, to be evaluated together with what a step computes. */
  arrays(): MxArray[] {
    return this.#layers.flatMap(({ keys, values }) => (keys && values ? [keys, values] : []));
  }
}
