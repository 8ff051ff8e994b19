/**
 * Tuned lens: for every depth an affine map, trained so that what is read there predicts what the model will say in the end.
 *
 * The logit lens reads early layers in the basis of the last. A tuned lens learns how the basis drifts: h + W h + b goes through the
 * final norm and the unembedding, and W and b are trained to make the divergence from the model's own final prediction small.
 * Nothing of the model is trained.
 *
 * Caveats. It says what can be predicted from a depth, not what later layers use of it. A lens trained on text of one
 * kind is a lens for that kind: compare `kl` with the logit lens on prompts that it has not seen. Every position counts, the first too.
 *
 * Source: Belrose et al. 2023, "Eliciting Latent Predictions from Transformers with the Tuned Lens", arXiv 2303.08112.
 */
import { createHash } from "node:crypto";
import { checkModel, notFiniteError, type Prompt, provenanceOf } from "@mlxterp/core";
import { mx, uniformNumbers } from "@mlxterp/mlx";
import { type ParsedOptions, parseOptions } from "@mlxterp/results";
import { LensTranslators } from "../lens-translators/lens-translators.js";
import { range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { promptIds, promptList } from "../shared/prompts.js";
import { readState, writeState } from "./checkpoint.js";
import { statesOf } from "./states.js";
import { type TunedLensTraining, trainingOptions } from "./train-options.js";
import { type TranslatorState, untrained, updated } from "./train-step.js";

type Asked = ParsedOptions<typeof trainingOptions>;

/**
 * Trains a translator for every depth.
 *
 * @param input texts of the kind that the lens is for; padded prompts are read at their own positions only
 * @returns the lens; `saveLens` keeps it, `logitLens(model, prompt, { translators })` reads with it
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a checkpoint of another training; NotFiniteError (`NOT_FINITE`);
 *   MissingAnatomyError (`MISSING_ANATOMY`); the signal's reason when cancelled, with the state kept up to the last checkpoint
 * @example
 * const lens = await trainTunedLens(model, ["Mary and John went home", "the capital of France is"], { steps: 2 });
 * await logitLens(model, "the capital of Italy is", { translators: lens, kl: true });
 */
export async function trainTunedLens(
  model: AnalysisModel,
  input: Prompt,
  options?: TunedLensTraining,
): Promise<LensTranslators> {
  checkModel("model", model);
  const asked = parseOptions("trainTunedLens", trainingOptions, options as Omit<TunedLensTraining, "onProgress">); // biome-ignore format: one line
  const { onProgress } = options ?? {};
  const prompts = promptIds(model, promptList(model, input));
  const { layers, hidden } = model.anatomy;
  const about = describe(model, prompts, asked);
  const stored = asked.checkpoint
    ? readState(asked.checkpoint, about, { depths: layers, hidden, steps: asked.steps })
    : undefined;
  let translators = stored?.translators ?? range(layers).map(() => untrained(hidden));
  for (let step = stored?.step ?? 0; step < asked.steps; step++) {
    asked.signal?.throwIfAborted();
    const states = await statesOf(model, batchAt(prompts, asked, step));
    const rate = asked.learningRate * (1 - step / asked.steps);
    const losses: number[] = [];
    const next: TranslatorState[] = [];
    for (const [depth, translator] of translators.entries()) {
      const rows = { state: states.inputs[depth], final: states.final };
      const found = await updated(model.anatomy, translator, rows, { step: step + 1, rate });
      losses.push(found.loss);
      next.push(found.translator);
    }
    if (!losses.every(Number.isFinite)) throw await notFiniteError("Losses", model, prompts);
    translators = next;
    const done = step + 1;
    if (asked.checkpoint && (done % asked.checkpointEvery === 0 || done === asked.steps)) {
      await writeState(asked.checkpoint, { step: done, asked: about, translators });
    }
    onProgress?.({ done, total: asked.steps, stage: "tuned lens", losses });
  }
  return lensOf(model, translators, asked);
}

function lensOf(
  model: AnalysisModel,
  translators: readonly TranslatorState[],
  { steps, batchSize, learningRate, seed }: Asked,
): LensTranslators {
  const { hidden } = model.anatomy;
  const weight = mx.stack(translators.map(({ value }) => value.index(mx.Slice(0, hidden)).T));
  const bias = mx.stack(translators.map(({ value }) => value.index(hidden)));
  const options = { steps, batchSize, learningRate };
  const origin = provenanceOf(model, { options, seed });
  return new LensTranslators({ kind: "tuned", weight, bias, origin });
}

/** Which training this is: the same text means the same numbers. */
function describe(
  model: AnalysisModel,
  prompts: readonly (readonly number[])[],
  { steps, batchSize, learningRate, seed }: Asked,
): string {
  const hash = createHash("sha256").update(JSON.stringify(prompts)).digest("hex").slice(0, 16);
  const weights = provenanceOf(model).weights?.hash.slice(0, 16);
  return JSON.stringify({ steps, batchSize, learningRate, seed, prompts: hash, weights });
}

/** The prompts of a step: every epoch goes through all of them in an order of its own. */
function batchAt(
  prompts: readonly number[][],
  { batchSize, seed }: Asked,
  step: number,
): number[][] {
  const size = Math.min(batchSize, prompts.length);
  return range(size).map((index) => {
    const place = step * size + index;
    const epoch = Math.floor(place / prompts.length);
    return prompts[orderOf(prompts.length, seed * 65_537 + epoch)[place % prompts.length]];
  });
}

function orderOf(count: number, seed: number): number[] {
  const random = uniformNumbers(seed);
  const order = range(count);
  for (let index = count - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    [order[index], order[other]] = [order[other], order[index]];
  }
  return order;
}
