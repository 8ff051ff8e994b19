/** What mlxterp for Python calls `collect_activations` and so on: runs at chosen positions, in batches, as one cache. */
import {
  checkFunction,
  checkList,
  checkOptions,
  checkPositiveInteger,
  checkSignal,
  evaluate,
  type Module,
  mx,
  type OptionNames,
} from "@mlxterp/mlx";
import { requireSameOrigin } from "@mlxterp/results";
import { everyLayer } from "../anatomy/usual-names.js";
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
import { countOf, type Positions } from "../tokens/positions.js";
import type { Prompt, TokenBatch } from "../tokens/tokens.js";

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

/** How much may be kept of how many prompts; known from the shapes of the first batch. */
interface Room {
  readonly budget: ByteSize | undefined;
  readonly total: number;
}

/**
 * The activations of one pass over one or more prompts; `model.run` with the residual stream after every layer.
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
  return model.run(input, { ...options, save: options.save ?? everyLayer });
}

/**
 * Activations at chosen positions, all prompts in one pass.
 *
 * @returns values of shape (batch, hidden) for one position (the default is each prompt's last), and with a site's own axes,
 * such as (batch, positions, hidden), for several
 * @throws InvalidPromptError (`INVALID_PROMPT`) without any prompt, OutOfRangeError (`OUT_OF_RANGE`) for a position
 * that a prompt does not have, MissingAxisError (`MISSING_AXIS`) for a site without positions, BudgetExceededError
 * (`BUDGET_EXCEEDED`)
 * @example
 * const last = await getActivations(model, prompts, { save: "layers.*" });
 * last.get("layers.3").shape; // [2, 128]
 */
export async function getActivations(
  model: Model,
  prompts: string | PromptList,
  options: CollectOptions = {},
): Promise<ActivationCache> {
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
): Promise<ActivationCache> {
  checkOptions<CollectOptions>("batchGetActivations", options, collectRules);
  checkModel("model", model);
  checkList("prompts", prompts);
  if (prompts.length === 0) {
    throw new InvalidPromptError("There is no prompt: the list is empty.", prompts);
  }
  const { batchSize = 8, positions = -1, onProgress, signal } = options;
  signal?.throwIfAborted();
  const tokens = model.tokens(prompts);
  countOf(positions, tokens.lengths);
  const caches: ActivationCache[] = [];
  const { length: total } = prompts;
  for (let start = 0; start < total; start += batchSize) {
    signal?.throwIfAborted();
    const room = start === 0 ? { budget: options.budget, total } : undefined;
    const ids = tokens.ids.slice(start, start + batchSize);
    caches.push(await oneBatch(model, ids, { ...options, positions }, room));
    onProgress?.({ done: Math.min(start + batchSize, total), total });
  }
  return joined(caches, tokens);
}

async function oneBatch(
  model: Model,
  ids: TokenBatch["ids"],
  options: CollectOptions,
  room: Room | undefined,
): Promise<ActivationCache> {
  const { save = everyLayer, positions, interventions, dtype } = options;
  const cache = model.collectLazily(ids, { save, interventions, positions, dtype });
  cache.settle();
  const held = { entries: cache.held(), prompts: ids.length };
  if (room) requireBudget({ ...held, times: room.total / ids.length }, room.budget);
  const checks = cache.held().flatMap(({ largest }) => largest ?? []);
  await evaluate([...cache.entries().map(([, value]) => value), ...checks]);
  for (const entry of cache.held()) requireEntryHeld(entry);
  return cache;
}

/** The rows of several caches as one, with the tokens of all prompts. */
async function joined(
  caches: readonly ActivationCache[],
  tokens: TokenBatch,
): Promise<ActivationCache> {
  const [first] = caches;
  if (caches.length === 1) return first;
  for (const { provenance } of caches) {
    const rule = "Leave the weights as they are until all batches are done.";
    requireSameOrigin(first.provenance, provenance, "These batches cannot be joined", rule);
  }
  const cache = first.mapped(
    (site) =>
      mx.concatenate(
        caches.map((one) => one.get(site)),
        0,
      ),
    { tokens },
  );
  await evaluate(cache.entries().map(([, value]) => value));
  return cache;
}
