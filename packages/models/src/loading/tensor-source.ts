/** Hands out the tensors of a checkpoint, each once, so that nothing holds on to a tensor that was used. */
import { type MxArray, mx } from "@mlxterp/mlx";
import type { TensorEntry } from "./safetensors-header.js";

/** Where the numbers come from. */
export interface TensorSource {
  /** @param entry of the checkpoint's header; it is not asked for again */
  take(entry: TensorEntry): MxArray;
}

/** Reads lazily: a tensor's bytes are read when it, or what it became, is evaluated. */
export class SafetensorsSource implements TensorSource {
  readonly #files = new Map<string, Record<string, MxArray>>();

  take({ file, name }: TensorEntry): MxArray {
    const tensors = this.#files.get(file) ?? (mx.load(file) as Record<string, MxArray>);
    this.#files.set(file, tensors);
    const tensor = tensors[name];
    delete tensors[name];
    return tensor;
  }
}
