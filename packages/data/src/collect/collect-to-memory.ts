/** Activations of a dataset that is small enough to be held as a whole. */
import { checkModel } from "@mlxterp/core";
import { evaluate, type MxArray, mx } from "@mlxterp/mlx";
import type { Dataset } from "../dataset/dataset.js";
import { checkStreamOptions, type DataModel, type StreamOptions } from "./options.js";
import type { RowOrigins } from "./rows.js";
import { type ActivationBatch, streamActivations } from "./stream.js";

/** All batches of a collection as one. */
export interface CollectedActivations extends RowOrigins {
  /** How many sequences were fed. */
  readonly sequences: number;
  readonly rows: number;
  /** By site: (rows, …), and columns as `#name`: (rows), computed. */
  readonly activations: Readonly<Record<string, MxArray>>;
}

/**
 * Like `streamActivations`, gathered into one array for each site.
 *
 * @throws what `streamActivations` throws
 * @example
 * const { activations, token } = await collectToMemory(model, stories, { save: "layers.2", positions: { from: 1 } });
 */
export async function collectToMemory(
  model: DataModel,
  dataset: Dataset,
  options: StreamOptions,
): Promise<CollectedActivations> {
  checkStreamOptions("collectToMemory", options);
  checkModel("model", model);
  const batches: ActivationBatch[] = [];
  for await (const batch of streamActivations(model, dataset, options)) batches.push(batch);
  const joined = joinBatches(batches);
  batches.length = 0; // the parts are let go as soon as they are joined
  await evaluate(Object.values(joined.activations));
  return joined;
}

/** Lazy: the rows of several batches, in order. */
export function joinBatches(batches: readonly ActivationBatch[]): CollectedActivations {
  const filled = batches.filter(({ rows }) => rows > 0);
  const sites = filled.length > 0 ? Object.keys(filled[0].activations) : [];
  const join = (site: string) => {
    const parts = filled.map(({ activations }) => activations[site]);
    return parts.length === 1 ? parts[0] : mx.concatenate(parts, 0);
  };
  return {
    sequences: batches.reduce((sum, { sequences: { start, end } }) => sum + end - start, 0),
    rows: batches.reduce((sum, { rows }) => sum + rows, 0),
    sequence: joinNumbers(batches.map(({ sequence }) => sequence)),
    position: joinNumbers(batches.map(({ position }) => position)),
    token: joinNumbers(batches.map(({ token }) => token)),
    activations: Object.fromEntries(sites.map((site) => [site, join(site)])),
  };
}

function joinNumbers(parts: readonly Int32Array[]): Int32Array {
  const joined = new Int32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let start = 0;
  for (const part of parts) {
    joined.set(part, start);
    start += part.length;
  }
  return joined;
}
