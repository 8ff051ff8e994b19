/**
 * How much packing changes what a model predicts.
 *
 * At every position the packed model's distribution over the next token is compared with that of the full
 * weights: the Kullback–Leibler divergence says how many nats are lost by taking one for the other, top-1
 * agreement how often both would say the same. A small mean can hide single positions, so the largest is given too.
 */

import type { Prompt } from "@mlxterp/core";
import { checkModel, firstNotFinite, notFiniteError } from "@mlxterp/core";
import {
  checkOptions,
  evaluate,
  InvalidArgumentError,
  klDivergence,
  logProbabilities,
  type MxArray,
  mx,
} from "@mlxterp/mlx";
import type { LanguageModel } from "./language-model.js";

export interface DriftOptions {
  /** The full-precision model, or what `loadModel` loads it from. Default: the model's own checkpoint. */
  readonly reference?: LanguageModel | string;
}

export interface QuantizationDrift {
  /** Mean over all tokens of KL(reference ‖ model), in nats. */
  readonly klDivergence: number;
  /** The largest of any token, in nats. */
  readonly maxKlDivergence: number;
  /** The share of tokens after which both models' likeliest next token is the same, 0 to 1. */
  readonly topAgreement: number;
  /** How many tokens were compared. */
  readonly tokens: number;
}

/**
 * Compares a quantized model with its full-precision weights on some prompts.
 *
 * @param options with the reference; without it the model's checkpoint is loaded once more, in full precision
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) when there is no reference or it has another vocabulary;
 *   NotFiniteError (`NOT_FINITE`) where either predicts NaN, with its first site
 */
export async function quantizationDrift(
  model: LanguageModel,
  prompts: Prompt,
  options: DriftOptions = {},
): Promise<QuantizationDrift> {
  checkOptions<DriftOptions>("quantizationDrift", options, { reference: true });
  checkModel("model", model);
  if (options.reference !== undefined && typeof options.reference !== "string") {
    checkModel("reference", options.reference);
  }
  const reference = await findReference(model, options.reference);
  const { ids } = model.tokens(prompts);
  const sums = { kl: 0, largest: 0, agreed: 0, tokens: 0 };
  for (const prompt of ids) {
    const found = compare(reference.forward([prompt]), model.forward([prompt]));
    await evaluate(Object.values(found));
    const kl = Number(found.kl.item());
    if (!Number.isFinite(kl)) {
      const broken = (await firstNotFinite(reference, [prompt])) ? reference : model;
      throw await notFiniteError(`Divergences of "${broken.name}"`, broken, [prompt]);
    }
    sums.kl += kl;
    sums.agreed += Number(found.agreed.item());
    sums.largest = Math.max(sums.largest, Number(found.largest.item()));
    sums.tokens += prompt.length;
  }
  return {
    klDivergence: sums.kl / sums.tokens,
    maxKlDivergence: sums.largest,
    topAgreement: sums.agreed / sums.tokens,
    tokens: sums.tokens,
  };
}

/** Sums and the largest over all positions. @param expected, found logits, (1, position, vocab) */
function compare(expected: MxArray, found: MxArray): Record<"kl" | "agreed" | "largest", MxArray> {
  const [p, q] = [expected, found].map((x) => logProbabilities(x.astype(mx.float32)));
  const kl = klDivergence(p, q); // (1, position)
  const same = mx.equal(mx.argmax(p, -1), mx.argmax(q, -1));
  return { kl: mx.sum(kl), agreed: mx.sum(same.astype(mx.float32)), largest: mx.max(kl) };
}

async function findReference(
  model: LanguageModel,
  given: LanguageModel | string | undefined,
): Promise<LanguageModel> {
  const { checkpoint } = model;
  if (given === undefined && (!checkpoint || checkpoint.packed)) {
    const rule =
      "this model's checkpoint has no full-precision weights. Name a folder, a hub id or a model that has.";
    throw new InvalidArgumentError("reference", given, rule);
  }
  const source = given ?? (checkpoint as NonNullable<typeof checkpoint>).folder;
  const reference = typeof source === "string" ? await load(model, source) : source;
  if (reference.config?.vocab === model.config?.vocab) return reference;
  const rule = `it has a vocabulary of ${reference.config?.vocab}, this model one of ${model.config?.vocab}.`;
  throw new InvalidArgumentError("reference", reference.name, rule);
}

function load({ checkpoint }: LanguageModel, source: string): Promise<LanguageModel> {
  if (checkpoint) return checkpoint.load(source);
  const rule =
    "this model was not loaded from a checkpoint. Load the reference yourself: { reference: await loadModel(…) }.";
  throw new InvalidArgumentError("reference", source, rule);
}
