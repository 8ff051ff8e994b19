/** A generated text with the activations it was generated from, as if it had been read at once. */
import type { ActivationCache, Prompt, Provenance, TokenBatch } from "@mlxterp/core";
import { mx } from "@mlxterp/mlx";
import { generateRows } from "./generate-rows.js";
import type { GenerativeModel } from "./generative-model.js";
import { JoinedSites } from "./joined-sites.js";
import type { FinishReason, GenerateOptions, GenerationStep } from "./options.js";
import { onePrompt } from "./prompt-ids.js";
import type { SamplingOptions } from "./sampling.js";
import type { StepSaveOptions } from "./save-plan.js";

export interface RolloutOptions extends GenerateOptions {
  /** The activations to keep; every site must count positions. */
  readonly save: NonNullable<StepSaveOptions["save"]>;
}

/** Where a rollout comes from. */
export interface RolloutProvenance extends Provenance {
  /** How tokens were chosen, as far as it was said. */
  readonly sampling: SamplingOptions;
}

/** What `model.rollout` gives. */
export interface Rollout extends Disposable {
  /** The ids of the prompt, those of a prefix included. */
  readonly prompt: readonly number[];
  /** The generated ids. */
  readonly tokens: readonly number[];
  readonly text: string;
  readonly finish: FinishReason;
  /** Without activations. */
  readonly steps: readonly GenerationStep[];
  /**
   * By site, (1, position, …), of the tokens that were fed: the prompt and all generated tokens but the last. They are
   * those of one pass over these tokens. Rows of attention are as long as the last one, with 0 (in `scores`, a large
   * negative number) where a key was yet to come.
   */
  readonly activations: ActivationCache;
  /** The absolute position of each of the activations' positions. */
  readonly positions: readonly number[];
  readonly provenance: RolloutProvenance;
  /** Lets go of the activations. */
  dispose(): void;
}

/**
 * Generates a text and keeps activations of every token on the way, in the memory of the cache and what is kept.
 *
 * @throws what `generate` throws; MissingAxisError (`MISSING_AXIS`) for a site without positions, SiteNotReachedError
 * (`SITE_NOT_REACHED`) for one that not every step computes
 */
export async function rollout(
  model: GenerativeModel,
  prompt: Prompt,
  options: RolloutOptions,
): Promise<Rollout> {
  const { prefix } = options;
  const ids = onePrompt(model, prompt, prefix);
  const start = prefix?.length ?? 0;
  const sites = new JoinedSites();
  const steps: GenerationStep[] = [];
  const positions: number[] = [];
  for await (const { step, rows, whole } of generateRows(model, [ids], options, prefix)) {
    for (const { saved: _, ...rest } of rows.filter((row) => row !== undefined)) steps.push(rest);
    if (!whole) continue;
    sites.add(whole);
    if (step === 0) positions.push(...ids.map((_, index) => start + index));
    else positions.push(start + ids.length + step - 1);
  }
  const tokens = steps.map(({ token }) => token);
  const read = [...(prefix?.ids ?? []), ...ids];
  const fed = [...read, ...tokens.slice(0, -1)];
  const batch = batchOf(positions.map((position) => fed[position]));
  const activations = await sites.join(fed.length, batch, provenanceOf(model, batch, options));
  return {
    ...{ prompt: read, tokens, steps, activations, positions },
    text: steps.map(({ text }) => text).join(""),
    finish: steps.at(-1)?.finish ?? "maxTokens",
    provenance: { ...activations.provenance, sampling: samplingOf(options) },
    dispose: () => activations.dispose(),
    [Symbol.dispose]: () => activations.dispose(),
  };
}

function batchOf(ids: readonly number[]): TokenBatch {
  const array = mx.array([[...ids]], mx.int32);
  return { ids: [ids], lengths: [ids.length], padding: "right", array };
}

function provenanceOf(
  { name, edits }: GenerativeModel,
  { ids }: TokenBatch,
  { interventions = {} }: RolloutOptions,
): Provenance {
  const all = [...edits.map((edit) => edit.interventions), interventions];
  const names = edits.map((edit) => edit.name);
  return { model: name, tokens: ids, edits: names, interventions: all.flatMap(Object.keys) };
}

function samplingOf(options: RolloutOptions): SamplingOptions {
  const { temperature, topK, topP, minP, repetitionPenalty, seed } = options;
  return { temperature, topK, topP, minP, repetitionPenalty, seed };
}
