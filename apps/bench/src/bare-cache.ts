/** Keys and values of a hand-written loop: blocks of room, written in place, as an experienced user would. */
import { type MxArray, mx } from "@mlxterp/mlx";

const blockLength = 256;
const all = mx.Slice();

interface Growing {
  array: MxArray | undefined;
}

export class BareCache {
  readonly #layers: { keys: Growing; values: Growing }[] = [];
  /** Positions seen before the present pass. */
  length = 0;

  /** All keys and values of a layer, (batch, heads, position, headDim), with the new ones. */
  append(layer: number, keys: MxArray, values: MxArray): [MxArray, MxArray] {
    this.#layers[layer] ??= { keys: { array: undefined }, values: { array: undefined } };
    const own = this.#layers[layer];
    return [this.#write(own.keys, keys), this.#write(own.values, values)];
  }

  arrays(): MxArray[] {
    return this.#layers.flatMap(({ keys, values }) => [keys.array!, values.array!]);
  }

  #write(kept: Growing, added: MxArray): MxArray {
    const { length } = this;
    const end = length + added.shape[2];
    if (kept.array && end <= kept.array.shape[2]) {
      kept.array.indexPut_([all, all, mx.Slice(length, end)], added);
    } else {
      const [batch, heads, , width] = added.shape;
      const room = mx.zeros([batch, heads, blockLength - (end % blockLength), width]);
      const before = kept.array?.index(all, all, mx.Slice(0, length));
      kept.array = mx.concatenate(before ? [before, added, room] : [added, room], 2);
    }
    return kept.array.index(all, all, mx.Slice(0, end));
  }
}
