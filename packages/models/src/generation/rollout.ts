/** Generated texts with the activations they were generated from, as if each had been read at once. */
import { checkSelectors, type Prompt, provenanceOf, type TokenBatch } from "@mlxterp/core";
import { mx } from "@mlxterp/mlx";
import type { Provenance } from "@mlxterp/results";
import { askedOf } from "./defaults.js";
import { generateRows } from "./generate-rows.js";
import type { GenerativeModel } from "./generative-model.js";
import { JoinedSites, type RowShare } from "./joined-sites.js";
import type { GenerationStep } from "./options.js";
import type { WholePass } from "./passes.js";
import { allPrompts, onePrompt } from "./prompt-ids.js";
import type { Rollout, RolloutBatchOptions, RolloutOptions } from "./rollout-options.js";

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
  const asked = askedOf("rollout", model, options);
  checkSelectors("save", asked.save);
  const [only] = await rollouts(model, [onePrompt(model, prompt, asked.prefix)], asked);
  return only;
}

/**
 * Generates several texts at once and keeps activations of each, as if it were alone.
 *
 * @throws what `rollout` throws
 */
export async function rolloutBatch(
  model: GenerativeModel,
  prompts: Prompt,
  options: RolloutBatchOptions,
): Promise<Rollout[]> {
  const asked = askedOf("rolloutBatch", model, options);
  checkSelectors("save", asked.save);
  return rollouts(model, allPrompts(model, prompts, asked.prefix), asked);
}

async function rollouts(
  model: GenerativeModel,
  prompts: readonly (readonly number[])[],
  options: RolloutBatchOptions,
): Promise<Rollout[]> {
  const { prefix } = options;
  const sites = new JoinedSites();
  const savedSteps: number[] = [];
  const texts = prompts.map((ids): RowText => ({ ids, steps: [] }));
  const keep = (whole: WholePass) => {
    savedSteps.push(whole.step);
    return sites.add(whole);
  };
  for await (const { rows } of generateRows(model, prompts, options, keep)) {
    rows.forEach((step, row) => {
      if (step) texts[row].steps.push(step);
    });
  }
  const width = Math.max(...prompts.map((ids) => ids.length));
  const facts = texts.map((text, row) => {
    const pads = width - text.ids.length;
    const ended = { ...text, row, pads, prefix: prefix?.ids ?? [], savedSteps };
    return factsOf(ended, originOf(model, row, options));
  });
  const activations = await sites.join(facts.map(({ share }) => share));
  return texts.map(({ steps }, row) => {
    const { share, ...rest } = facts[row];
    const provenance = share.provenance;
    return finished({ ...rest, steps, activations: activations[row], provenance });
  });
}

/** A row as it comes about. */
interface RowText {
  /** Without the prefix. */
  readonly ids: readonly number[];
  readonly steps: GenerationStep[];
}

/** A row that has ended, and what is known of the others. */
interface EndedRow extends RowText {
  readonly row: number;
  readonly pads: number;
  readonly prefix: readonly number[];
  readonly savedSteps: readonly number[];
}

/** Which positions of a row are kept, and what was fed there. */
function factsOf(text: EndedRow, provenance: Provenance) {
  const { ids, steps, row, pads, prefix, savedSteps } = text;
  const prompt = [...prefix, ...ids];
  const fed = [...prompt, ...steps.slice(0, -1).map(({ token }) => token)];
  const positions = savedSteps
    .filter((step) => step < steps.length)
    .flatMap((step) =>
      step === 0 ? ids.map((_, index) => prefix.length + index) : [prompt.length + step - 1],
    );
  const from = savedSteps[0] === 0 ? pads : 0;
  const tokens = batchOf(positions.map((position) => fed[position]));
  const share: RowShare = {
    row,
    positions: [from, from + positions.length],
    keys: [pads, pads + fed.length],
    tokens,
    provenance,
  };
  return { prompt, positions, share };
}

function finished(
  text: Pick<Rollout, "prompt" | "positions" | "steps" | "activations" | "provenance">,
): Rollout {
  const { steps, activations } = text;
  return {
    ...text,
    tokens: steps.map(({ token }) => token),
    text: steps.map((step) => step.text).join(""),
    finish: steps.at(-1)?.finish ?? "maxTokens",
    dispose: () => activations.dispose(),
    [Symbol.dispose]: () => activations.dispose(),
  };
}

function batchOf(ids: readonly number[]): TokenBatch {
  const array = mx.array([[...ids]], mx.int32);
  return { ids: [ids], lengths: [ids.length], padding: "right", array };
}

/** Row i of a batch draws with `seed + i`, as if it were alone. */
function originOf(model: GenerativeModel, row: number, options: RolloutOptions): Provenance {
  const { temperature, topK, topP, minP, repetitionPenalty, seed: first } = options;
  const given = Object.entries({ temperature, topK, topP, minP, repetitionPenalty });
  const sampling = Object.fromEntries(given.filter(([, value]) => value !== undefined));
  return provenanceOf(model, {
    interventions: Object.keys(options.interventions ?? {}),
    options: { sampling: sampling as Record<string, number> },
    seed: row === 0 ? first : (first ?? 0) + row,
  });
}
