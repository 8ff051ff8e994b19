/** Activations of many prompts: batched runs, chosen positions, progress and cancellation. */
import { evaluate, type Module, type MxArray, mx } from "@mlxterp/mlx";
import { type ActivationCache, lastPositions } from "./cache.js";
import { OutOfRangeError } from "./errors.js";
import type { Interventions } from "./intervention.js";
import type { InterpretableModelCore } from "./model.js";
import type { Selector } from "./sites/selector.js";
import type { Prompt } from "./tokens.js";

/** How far a collection has come. */
export interface CollectProgress {
  readonly done: number;
  readonly total: number;
}

export interface CollectOptions {
  /** What to collect; by default the residual stream after every layer. */
  readonly sites?: Selector | readonly Selector[];
  /** Prompts in one pass; default 8. */
  readonly batchSize?: number;
  /** One position (drops the axis), several, or all when undefined; negative from each prompt's own end. */
  readonly positions?: number | readonly number[];
  readonly interventions?: Interventions;
  readonly onProgress?: (progress: CollectProgress) => void;
  readonly signal?: AbortSignal;
}

type Model = InterpretableModelCore<Module>;
type PromptList = readonly string[] | readonly (readonly number[])[];

/**
 * The activations of one pass over one or more prompts, as a cache; the plain form of `model.run`.
 *
 * @example
 * const cache = await collectActivations(model, ["Hello"], { sites: ["layers.*"] });
 */
export function collectActivations(
  model: Model,
  input: Prompt,
  options: Pick<CollectOptions, "sites" | "interventions"> = {},
): Promise<ActivationCache> {
  return model.run(input, {
    save: options.sites ?? "layers.*",
    interventions: options.interventions,
  });
}

/**
 * Activations at chosen positions, one array per site.
 *
 * @returns (batch, hidden) for one position (the default is each prompt's last), (batch, positions, hidden) for several
 * @throws OutOfRangeError (`OUT_OF_RANGE`) for a position that a prompt does not have
 */
export function getActivations(
  model: Model,
  prompts: string | PromptList,
  options: CollectOptions = {},
): Promise<Record<string, MxArray>> {
  const list: PromptList = typeof prompts === "string" ? [prompts] : prompts;
  return batchGetActivations(model, list, { batchSize: Math.max(1, list.length), ...options });
}

/**
 * Like `getActivations`, in batches: memory is one batch's work plus what is kept.
 *
 * @throws OutOfRangeError (`OUT_OF_RANGE`); the signal's reason when cancelled
 */
export async function batchGetActivations(
  model: Model,
  prompts: PromptList,
  options: CollectOptions = {},
): Promise<Record<string, MxArray>> {
  const { batchSize = 8, onProgress, signal } = options;
  const parts = new Map<string, MxArray[]>();
  for (let start = 0; start < prompts.length; start += batchSize) {
    signal?.throwIfAborted();
    const batch = prompts.slice(start, start + batchSize) as PromptList;
    for (const [site, value] of await oneBatch(model, batch, options)) {
      const list = parts.get(site);
      if (list) list.push(value);
      else parts.set(site, [value]);
    }
    onProgress?.({ done: Math.min(start + batchSize, prompts.length), total: prompts.length });
  }
  const joined = [...parts].map(([site, list]) => [site, joinRows(list)] as const);
  await evaluate(joined.map(([, value]) => value));
  return Object.fromEntries(joined);
}

async function oneBatch(
  model: Model,
  prompts: PromptList,
  options: CollectOptions,
): Promise<[site: string, value: MxArray][]> {
  const chosen = lazyBatch(model, prompts, options);
  await evaluate(chosen.map(([, value]) => value));
  return chosen;
}

function lazyBatch(
  model: Model,
  prompts: PromptList,
  options: CollectOptions,
): [site: string, value: MxArray][] {
  const { sites: save = "layers.*", positions = -1, interventions } = options;
  const cache = model.collectLazily(prompts, { save, interventions });
  const lengths = cache.tokens?.lengths;
  return cache.entries().map(([site, value]) => [site, atPositions(value, positions, lengths)]);
}

function atPositions(
  value: MxArray, // (batch, position, …)
  positions: number | readonly number[],
  lengths: readonly number[] | undefined,
): MxArray {
  if (positions === -1) return lastPositions(value, lengths);
  const [batch, width] = value.shape;
  const list = typeof positions === "number" ? [positions] : positions;
  const rows = (lengths ?? new Array<number>(batch).fill(width)).map((length) =>
    list.map((position) => absolute(position, length)),
  );
  const row = mx.arange(0, batch, 1, mx.int32).reshape([batch, 1]);
  const picked = value.index(row, mx.array(rows, mx.int32)); // (batch, positions, …)
  return typeof positions === "number" ? picked.squeeze(1) : picked;
}

function absolute(position: number, length: number): number {
  const found = position < 0 ? position + length : position;
  if (!Number.isInteger(found) || found < 0 || found >= length) {
    throw new OutOfRangeError("Position", position, length, "a prompt");
  }
  return found;
}

function joinRows(list: readonly MxArray[]): MxArray {
  return list.length === 1 ? list[0] : mx.concatenate(list, 0);
}
