/** Runs invariants on a model, one after the other, and says what each found. */
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
  InvalidArgumentError,
  type Module,
} from "@mlxterp/mlx";
import { fullWeight, type Weighted } from "../packed/full-weight.js";
import { relative, worst } from "./comparison.js";
import type { Invariant } from "./invariant.js";
import type { AnySubject } from "./subject.js";

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

/** What is verified, and with what. */
interface Verifying<S extends AnySubject> {
  readonly model: InterpretableModelCore<Module>;
  readonly invariants: readonly Invariant<S>[];
  /** Made when the arguments have been checked. */
  readonly subject: () => S;
  /** Whose numbers tell the format of the weights. */
  readonly embedding: () => Module;
  /** Whether `options.prompt` says what is fed. Default: it does. */
  readonly takesPrompt?: boolean;
}

/** Of what shows a model pictures of its own. */
const refuse = (argument: string, value: unknown) => {
  const rule = "is not asked: pictures are drawn.";
  throw new InvalidArgumentError(argument, value, rule);
};

/** @throws what `promptsFor` throws; the signal's reason when cancelled */
export async function verified<S extends AnySubject>(
  { model, invariants, subject: makeSubject, embedding, takesPrompt = true }: Verifying<S>,
  options: VerifyOptions,
): Promise<Verification> {
  checkOptions<VerifyOptions>("verify", options, {
    prompt: takesPrompt ? true : refuse,
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
    dtype: dtypeName(fullWeight(embedding() as unknown as Weighted).dtype),
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
