/** The investigation: five questions about one sentence, each answered with the one before, and a sixth about all such sentences. */
import type { LanguageModel } from "@mlxterp/models";
import { circuitStep } from "./circuit-step.js";
import { copyingStep } from "./copying-step.js";
import { lensStep } from "./lens-step.js";
import { moversStep } from "./movers-step.js";
import { predictionStep } from "./prediction-step.js";
import type { Step } from "./step.js";
import { story } from "./story.js";
import { surgeryStep } from "./surgery-step.js";

/** Asks one question after the other; each answer comes as soon as it is known. */
export async function* investigate(
  model: LanguageModel,
  signal: AbortSignal,
): AsyncGenerator<Step, void, undefined> {
  yield await predictionStep(model, story);
  signal.throwIfAborted();
  yield await lensStep(model, story);
  signal.throwIfAborted();
  const movers = await moversStep(model, story, signal);
  yield movers;
  const [{ layer, head }] = movers.data.heads;
  yield await surgeryStep(model, story, { layer, head }, signal);
  yield await copyingStep(model, signal);
  signal.throwIfAborted();
  yield await circuitStep(model, signal);
}
