/** Tensors of an embedding model's further layers, which lie in folders of their own. */
import type { MxArray } from "@mlxterp/mlx";
import { readTensors } from "../checkpoint/files/checkpoint-files.js";
import type { TensorEntry } from "../checkpoint/files/safetensors-header.js";
import { SafetensorsSource, type TensorSource } from "../checkpoint/files/tensor-source.js";
import { findWeights } from "../checkpoint/files/weight-files.js";
import type { FoundLayer } from "./sentence-transformers.js";

/** Names of the layers' tensors, each under its place: `head-layers.0.weight`. */
const begin = "head-layers.";

/** By module path in the file, as a table of weights has it. */
export const layerNames = { "head-layers.*": "head.layers.*" } as const;

interface Origin {
  readonly entry: TensorEntry;
  readonly source: TensorSource;
}

/** Hands out a checkpoint's tensors, and beside them those of the layers. */
export class LayerSource implements TensorSource {
  readonly #origins = new Map<string, Origin>();

  constructor(
    private readonly inner: TensorSource,
    layers: readonly FoundLayer[],
  ) {
    for (const [index, { folder }] of layers.entries()) {
      const { tensors, source = new SafetensorsSource() } = readTensors(
        findWeights(folder, folder),
      );
      for (const entry of tensors) {
        const name = `${begin}${index}.${entry.name.replace(/^linear\./, "")}`;
        this.#origins.set(name, { entry, source });
      }
    }
  }

  /** What is beside the checkpoint's own tensors. */
  get entries(): TensorEntry[] {
    return [...this.#origins].map(([name, { entry }]) => ({ ...entry, name }));
  }

  take(entry: TensorEntry): MxArray {
    const origin = this.#origins.get(entry.name);
    return origin ? origin.source.take(origin.entry) : this.inner.take(entry);
  }

  rows(entry: TensorEntry, from: number, to: number): MxArray {
    const origin = this.#origins.get(entry.name);
    return origin ? origin.source.rows(origin.entry, from, to) : this.inner.rows(entry, from, to);
  }

  drop(): void {
    this.inner.drop();
    for (const { source } of this.#origins.values()) source.drop();
  }
}
