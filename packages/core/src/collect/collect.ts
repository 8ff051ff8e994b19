/** Activations of many prompts: batched runs, chosen positions, progress and cancellation. */
import {
  checkFunction,
  checkList,
  checkOptions,
  checkPositiveInteger,
  checkSignal,
  evaluate,
  type Module,
  type MxArray,
  mx,
  type OptionNames,
} from "@mlxterp/mlx";
import { InvalidPromptError } from "../errors.js";
import { checkModel } from "../model/check-model.js";
import type { InterpretableModelCore } from "../model/model.js";
import { type RunOptions, runRules } from "../model/options.js";
import { checkInterventions, type Interventions } from "../pass/intervention.js";
import { checkSelectors, type Selector } from "../sites/selector.js";
import { requireBudget } from "../storage/budget.js";
import { type ByteSize, checkByteSize } from "../storage/byte-size.js";
import type { ActivationCache } from "../storage/cache.js";
import { type CaptureOptions, captureRules } from "../storage/capture.js";
import { requireEntryHeld } from "../storage/entry.js";
import type { Positions } from "../tokens/positions.js";
import type { Prompt } from "../tokens/tokens.js";

/** How far a collection has come. */
export interface CollectProgress {
  readonly done: number;
  readonly total: number;
}

export interface CollectOptions extends CaptureOptions {
  /** What to collect; by default the residual stream after every layer. */
  readonly save?: Selector | readonly Selector[];
  /** Prompts in one pass; default 8. */
  readonly batchSize?: number;
  /** One position (drops the axis), several or a range, negative from each prompt's own end; default -1. */
  readonly positions?: Positions;
  readonly interventions?: Interventions;
  /** The most bytes that the result may take, of all prompts together: more is refused before anything is computed. */
  readonly budget?: ByteSize;
  readonly onProgress?: (progress: CollectProgress) => void;
  readonly signal?: AbortSignal;
}

/** What its values must be. */
const collectRules: OptionNames<CollectOptions> = {
  ...captureRules,
  save: checkSelectors,
  batchSize: checkPositiveInteger,
  interventions: checkInterventions,
  budget: checkByteSize,
  onProgress: checkFunction,
  signal: checkSignal,
};

type Model = InterpretableModelCore<Module>;
type PromptList = readonly string[] | readonly (readonly number[])[];
type Named = [site: string, value: MxArray];

/** How much may be kept of how many prompts; known from the shapes of the first batch. */
interface Room {
  readonly budget: ByteSize | undefined;
  readonly total: number;
}

/**
 * The activations of one pass over one or more prompts, as a cache; the plain form of `model.run`.
 *
 * @throws what `model.run` throws
 * @example
 * const cache = await collectActivations(model, ["Hello"], { save: ["layers.*"] });
 */
export function collectActivations(
  model: Model,
  input: Prompt,
  options: RunOptions = {},
): Promise<ActivationCache> {
  checkOptions<RunOptions>("collectActivations", options, runRules);
  checkModel("model", model);
  return model.run(input, { ...options, save: options.save ?? "layers.*" });
}

/**
 * Activations at chosen positions, one array per site, all prompts in one pass.
 *
 * @returns (batch, hidden) for one position (the default is each prompt's last), (batch, positions, hidden) for several
 * @throws InvalidPromptError (`INVALID_PROMPT`) without any prompt, OutOfRangeError (`OUT_OF_RANGE`) for a position
 * that a prompt does not have, MissingAxisError (`MISSING_AXIS`) for a site without positions, BudgetExceededError
 * (`BUDGET_EXCEEDED`)
 * @example
 * const last = await getActivations(model, prompts, { save: "layers.*" });
 * last["layers.3"].shape; // [2, 128]
 */
export async function getActivations(
  model: Model,
  prompts: string | PromptList,
  options: CollectOptions = {},
): Promise<Record<string, MxArray>> {
  checkOptions<CollectOptions>("getActivations", options, collectRules);
  checkModel("model", model);
  const list: PromptList = typeof prompts === "string" ? [prompts] : prompts;
  checkList("prompts", list);
  return batchGetActivations(model, list, { batchSize: Math.max(1, list.length), ...options });
}

/**
 * Like `getActivations`, in batches: memory is one batch's work plus what is kept.
 *
 * @throws what `getActivations` throws; the signal's reason when cancelled
 * @example
 * const last = await batchGetActivations(model, prompts, { save: "layers.2", batchSize: 32 });
 */
export async function batchGetActivations(
  model: Model,
  prompts: PromptList,
  options: CollectOptions = {},
): Promise<Record<string, MxArray>> {
  checkOptions<CollectOptions>("batchGetActivations", options, collectRules);
  checkModel("model", model);
  checkList("prompts", prompts);
  if (prompts.length === 0) {
    throw new InvalidPromptError("There is no prompt: the list is empty.", prompts);
  }
  const { batchSize = 8, onProgress, signal } = options;
  const parts = new Map<string, MxArray[]>();
  for (let start = 0; start < prompts.length; start += batchSize) {
    signal?.throwIfAborted();
    const batch = prompts.slice(start, start + batchSize) as PromptList;
    const room = start === 0 ? { budget: options.budget, total: prompts.length } : undefined;
    for (const [site, value] of await oneBatch(model, batch, options, room)) {
      const list = parts.get(site);
      if (list) list.push(value);
      else parts.set(site, [value]);
    }
    onProgress?.({ done: Math.min(start + batchSize, prompts.length), total: prompts.length });
  }
  const joined = [...parts].map(([site, list]): Named => [site, joinRows(list)]);
  await evaluate(joined.map(([, value]) => value));
  return Object.fromEntries(joined);
}

async function oneBatch(
  model: Model,
  prompts: PromptList,
  options: CollectOptions,
  room: Room | undefined,
): Promise<Named[]> {
  const { cache, chosen } = lazyBatch(model, prompts, options, room);
  const checks = cache.held().flatMap(({ largest }) => largest ?? []);
  await evaluate([...chosen.map(([, value]) => value), ...checks]);
  for (const entry of cache.held()) requireEntryHeld(entry);
  return chosen;
}

function lazyBatch(
  model: Model,
  prompts: PromptList,
  options: CollectOptions,
  room: Room | undefined,
): { cache: ActivationCache; chosen: Named[] } {
  const { save = "layers.*", positions = -1, interventions, dtype } = options;
  const cache = model.collectLazily(prompts, { save, interventions, positions, dtype });
  const held = { entries: cache.held(), prompts: prompts.length };
  if (room) requireBudget({ ...held, times: room.total / prompts.length }, room.budget);
  if (typeof positions === "number") return { cache, chosen: cache.entries() };
  const chosen = cache.entries().map(
    ([site, value]): Named => [
      site,
      value.moveaxis(cache.positionAxis(site), 1), // (batch, positions, …)
    ],
  );
  return { cache, chosen };
}

function joinRows(list: readonly MxArray[]): MxArray {
  return list.length === 1 ? list[0] : mx.concatenate(list, 0);
}
