/** Checks, on a loaded checkpoint, what must hold for every activation and intervention to mean what it says. */

import type { InterpretableModelCore } from "@mlxterp/core";
import type { MxArray } from "@mlxterp/mlx";
import { KeyValueCache } from "../decoder/cache/cache.js";
import type { Decoder } from "../decoder/model/decoder.js";
import { RecurrentCache } from "../recurrent/caches/cache.js";
import type { RecurrentDecoder } from "../recurrent/recurrent-decoder.js";
import { cachedIsRecomputed } from "./cache-invariants.js";
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
import {
  type AnySubject,
  middleLayer,
  promptsFor,
  type RecurrentSubject,
  type Subject,
} from "./subject.js";
import { type Verification, type VerifyOptions, verified } from "./verified.js";

export type { Verification, VerifiedInvariant, VerifyOptions } from "./verified.js";

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
    ...{ model, ...promptsFor(model, options.prompt), middle: middleLayer(model) },
    remembering: memories(model.module, () => new KeyValueCache()),
  });
  const embedding = () => model.module.embedTokens;
  return verified({ model, invariants: ofDecoders, subject, embedding }, options);
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
    ...{ model, ...promptsFor(model, options.prompt), middle: middleLayer(model) },
    remembering: memories(model.module, () => new RecurrentCache()),
  });
  const embedding = () => model.module.embedTokens;
  return verified({ model, invariants: ofRecurrent, subject, embedding }, options);
}

/** Memories of a module, a new one at each call, that are fed token by token. */
export function memories<C>(
  module: { forward(ids: MxArray, options: { cache: C; padding?: readonly number[] }): MxArray },
  create: () => C,
): AnySubject["remembering"] {
  return () => {
    const cache = create();
    return (ids, padding) => module.forward(ids, { cache, ...(padding && { padding }) });
  };
}
