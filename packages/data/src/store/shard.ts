/** What a shard holds: the rows of some passes, as tensors of a safetensors file. */
import { dtypeName, fromFlat, type MxArray } from "@mlxterp/mlx";
import { joinBatches } from "../collect/collect-to-memory.js";
import type { RowOrigins } from "../collect/rows.js";
import type { ActivationBatch } from "../collect/stream.js";
import { RowShapeError } from "../errors.js";
import type { StoredSite } from "./manifest.js";

/** Beside one tensor for each site; no site's name begins with this sign. */
export const originTensors = {
  sequence: "#sequence",
  position: "#position",
  token: "#token",
} as const satisfies Record<keyof RowOrigins, string>;

export const shardName = (index: number) => `shard-${String(index).padStart(6, "0")}.safetensors`;

/** Batches that wait until they fill a shard. */
export class ShardBuilder {
  private batches: ActivationBatch[] = [];
  private bytes = 0;

  /** @param sites as stored so far; empty before the first rows */
  constructor(private sites: readonly StoredSite[]) {}

  /** @throws RowShapeError (`ROW_SHAPE`) for rows of another shape than those before */
  add(batch: ActivationBatch): void {
    this.batches.push({ ...batch, tokens: [] }); // long prompts may outweigh their rows
    const arrays = Object.entries(batch.activations);
    for (const [, { nbytes }] of arrays) this.bytes += nbytes;
    if (arrays.length === 0) return;
    if (this.sites.length === 0) this.sites = arrays.map(describe);
    for (const { site, shape } of this.sites) {
      const [, ...row] = batch.activations[site]?.shape ?? [];
      if (row.join() === shape.join()) continue;
      const rule = "rows of a store have one shape, whatever the sequence's length.";
      throw new RowShapeError(site, shape, row, rule);
    }
  }

  isFull(limit: number): boolean {
    return this.bytes >= limit;
  }

  /** Takes everything out. Lazy. */
  take() {
    const { rows, sequences, activations, ...origins } = joinBatches(this.batches);
    this.batches = [];
    this.bytes = 0;
    const tensors: Record<string, MxArray> = { ...activations };
    for (const [name, tensor] of Object.entries(originTensors)) {
      if (rows > 0) tensors[tensor] = fromFlat(origins[name as keyof RowOrigins], [rows]);
    }
    return { rows, sequences, tensors, sites: this.sites };
  }
}

function describe([site, array]: [string, MxArray]): StoredSite {
  const dtype = dtypeName(array.dtype) as StoredSite["dtype"]; // `keptAs` makes no other
  return { site, shape: array.shape.slice(1), dtype };
}
