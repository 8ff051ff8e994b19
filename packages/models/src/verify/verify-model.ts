/** Checks, on a loaded checkpoint, what must hold for every activation and intervention to mean what it says. */

import type { InterpretableModelCore, Prompt } from "@mlxterp/core";
import { checkModel } from "@mlxterp/core";
import {
  checkFinite,
  checkFunction,
  checkModule,
  checkOptions,
  checkSignal,
  deviceName,
  dtypeName,
  type MxArray,
} from "@mlxterp/mlx";
import { KeyValueCache } from "../decoder/cache/cache.js";
import type { Decoder } from "../decoder/model/decoder.js";
import { fullWeight } from "../packed/full-weight.js";
import { RecurrentCache } from "../recurrent/caches/cache.js";
import type { RecurrentDecoder } from "../recurrent/recurrent-decoder.js";
import { cachedIsRecomputed } from "./cache-invariants.js";
import { relative, worst } from "./comparison.js";
import { attributionIsPatching, gradientsAreDifferences } from "./gradient-invariants.js";
import type { Invariant } from "./invariant.js";
import {
  decompositionGivesLogits,
  headsAddUp,
  patternMixesValues,
  writesAddUp,
} from "./layer-invariants.js";
import {
  identityIsNeutral,
  paddedIsAlone,
  patchingAllIsClean,
  tracedIsUntraced,
} from "./pass-invariants.js";
import {
  recurrentDecomposes,
  recurrentHeadsAddUp,
  recurrentPatternMixes,
  recurrentWritesAddUp,
  statesUnroll,
} from "./recurrent-invariants.js";
import { type AnySubject, promptsFor, type RecurrentSubject, type Subject } from "./subject.js";

/** Around what holds inside the layers. */
const first: readonly Invariant[] = [tracedIsUntraced, identityIsNeutral];
const last: readonly Invariant[] = [
  paddedIsAlone,
  cachedIsRecomputed,
  patchingAllIsClean,
  gradientsAreDifferences,
  attributionIsPatching,
];

const ofDecoders: readonly Invariant<Subject>[] = [
  ...first,
  ...[patternMixesValues, headsAddUp, writesAddUp, decompositionGivesLogits],
  ...last,
];

const ofRecurrent: readonly Invariant<RecurrentSubject>[] = [
  ...first,
  ...[recurrentPatternMixes, recurrentHeadsAddUp, recurrentWritesAddUp, statesUnroll],
  recurrentDecomposes,
  ...last,
];

export interface VerifyOptions {
  /** The prompt to check with; by default some token ids spread over the vocabulary. */
  readonly prompt?: Prompt;
  /** The largest difference, relative to the largest value compared; default 2e-5, the rounding of float32; 1e-2 for gradients. */
  readonly tolerance?: number;
  readonly onProgress?: (progress: { done: number; total: number }) => void;
  readonly signal?: AbortSignal;
}

/** One invariant on one model. */
export interface VerifiedInvariant {
  readonly name: string;
  readonly statement: string;
  /** Where the difference is largest. */
  readonly where: string;
  /** The largest absolute difference. */
  readonly difference: number;
  /** The largest absolute value it was compared with. */
  readonly magnitude: number;
  /** The largest difference relative to the magnitude that passes; 0 asks for the same bits. */
  readonly tolerance: number;
  /** Also where it does not apply. */
  readonly passed: boolean;
  /** Why it says nothing about this model; nothing was then compared. */
  readonly notApplicable?: string;
}

/** What a verification found; plain data. */
export interface Verification {
  readonly model: string;
  /** The ids that were fed. */
  readonly tokens: readonly number[];
  readonly dtype: string;
  readonly device: string;
  readonly passed: boolean;
  readonly invariants: readonly VerifiedInvariant[];
}

/**
 * Checks the invariants that make activations and interventions trustworthy: watching changes nothing, parts add up to
 * wholes, padding and caching are invisible, patching everything restores the clean run, gradients say what small changes do.
 *
 * @throws InvalidPromptError (`INVALID_PROMPT`), TokenRangeError (`TOKEN_RANGE`); the signal's reason when cancelled
 */
export function verifyModel(
  model: InterpretableModelCore<Decoder>,
  options: VerifyOptions = {},
): Promise<Verification> {
  const subject = (): Subject => ({
    ...{ model, ...promptsFor(model, options.prompt) },
    remembering: memories(model.module, () => new KeyValueCache()),
  });
  return verified(model, ofDecoders, subject, options);
}

/**
 * The same of a model of whose layers some remember: also that states are what decays and writes make of them.
 *
 * @throws what `verifyModel` throws
 */
export function verifyRecurrent(
  model: InterpretableModelCore<RecurrentDecoder>,
  options: VerifyOptions = {},
): Promise<Verification> {
  const subject = (): RecurrentSubject => ({
    ...{ model, ...promptsFor(model, options.prompt) },
    remembering: memories(model.module, () => new RecurrentCache()),
  });
  return verified(model, ofRecurrent, subject, options);
}

/** Memories of a module, a new one at each call, that are fed token by token. */
function memories<C>(
  module: { forward(ids: MxArray, options: { cache: C; padding?: readonly number[] }): MxArray },
  create: () => C,
): AnySubject["remembering"] {
  return () => {
    const cache = create();
    return (ids, padding) => module.forward(ids, { cache, ...(padding && { padding }) });
  };
}

async function verified<S extends AnySubject>(
  model: InterpretableModelCore<Decoder | RecurrentDecoder>,
  invariants: readonly Invariant<S>[],
  makeSubject: () => S,
  options: VerifyOptions,
): Promise<Verification> {
  checkOptions<VerifyOptions>("verify", options, {
    prompt: true,
    tolerance: checkFinite,
    onProgress: checkFunction,
    signal: checkSignal,
  });
  checkModel("model", model);
  checkModule("model.module", model.module);
  const { tolerance = 2e-5, onProgress, signal } = options;
  const subject = makeSubject();
  const found: VerifiedInvariant[] = [];
  for (const invariant of invariants) {
    signal?.throwIfAborted();
    const least = invariant.tolerance ?? 0;
    const allowed = invariant.exact ? 0 : Math.max(tolerance, least);
    found.push(await check(invariant, subject, allowed));
    onProgress?.({ done: found.length, total: invariants.length });
  }
  return {
    model: model.name,
    tokens: subject.ids,
    dtype: dtypeName(fullWeight(model.module.embedTokens).dtype),
    device: deviceName(),
    passed: found.every(({ passed }) => passed),
    invariants: found,
  };
}

async function check<S extends AnySubject>(
  invariant: Invariant<S>,
  subject: S,
  tolerance: number,
): Promise<VerifiedInvariant> {
  const { name, statement } = invariant;
  const notApplicable = invariant.notApplicable?.(subject);
  if (notApplicable) {
    const nothing = { where: "", difference: 0, magnitude: 0, tolerance };
    return { name, statement, ...nothing, passed: true, notApplicable };
  }
  const distance = await worst(await invariant.measure(subject));
  return { name, statement, ...distance, tolerance, passed: relative(distance) <= tolerance };
}
