/** Text token by token: each step is a turn on the device, so that several texts grow side by side. */
import type { FinishReason, GenerationStep, LanguageModel } from "@mlxterp/models";
import { LimitError, TimeLimitError } from "../errors/errors.js";
import type { TokenEvent } from "../wire/answers.js";
import type { GenerateRequest } from "../wire/requests.js";
import type { Caller } from "./caller.js";
import { changedModel } from "./changed-model.js";
import { InputReader } from "./prompts.js";
import type { Workplace } from "./workplace.js";

/** A token, or the reason why the text ends with the one before. */
export type GenerationEvent = TokenEvent | { readonly stoppedBy: FinishReason };

/**
 * Continues a prompt.
 *
 * @throws BusyError (`BUSY`), LimitError (`LIMIT`), TimeLimitError (`TIME_LIMIT`), and what generation throws
 */
export async function* generateText(
  workplace: Workplace,
  model: string,
  request: GenerateRequest,
  caller: Caller,
): AsyncGenerator<GenerationEvent, void, undefined> {
  const { queue, limits } = workplace;
  const base = await workplace.models.open(model);
  const maxTokens = tokensOf(request, limits.generatedTokens);
  const settings = { maxTokens, most: limits.tokens, signal: caller.signal };
  let [seconds, steps] = [0, undefined as Steps | undefined];
  try {
    for (let continues = false; ; continues = true) {
      const onWaiting = continues ? undefined : waitingOf(caller);
      const step = await queue.run({ ...caller, continues, onWaiting }, async () => {
        const start = performance.now();
        steps ??= stepsOf(base, request, settings);
        const next = await steps.next();
        seconds += (performance.now() - start) / 1000;
        return next;
      });
      if (step.done) return;
      yield tokenEvent(step.value);
      if (step.value.finish) yield { stoppedBy: step.value.finish };
      else if (seconds > limits.seconds) throw new TimeLimitError(limits.seconds);
    }
  } finally {
    await steps?.return(); // who reads no further leaves nothing behind
  }
}

type Steps = AsyncGenerator<GenerationStep, void, undefined>;

interface StepSettings {
  readonly maxTokens: number;
  readonly most: number;
  readonly signal: AbortSignal;
}

function waitingOf({ onProgress }: Caller) {
  return (before: number) => onProgress?.({ stage: "waiting", done: 0, total: before });
}

function tokensOf({ maxTokens }: GenerateRequest, most: number): number {
  if (maxTokens === undefined) return Math.min(50, most);
  if (maxTokens <= most) return maxTokens;
  throw new LimitError("generatedTokens", most, `maxTokens is ${maxTokens}`);
}

function stepsOf(
  base: LanguageModel,
  { input, options, interventions }: GenerateRequest,
  { maxTokens, most, signal }: StepSettings,
): Steps {
  const ids = new InputReader(base, most).one(input);
  return changedModel(base, interventions).generate(ids, { ...options, maxTokens, signal });
}

function tokenEvent({
  token,
  text,
  position,
  logProbability,
  alternatives,
}: GenerationStep): TokenEvent {
  return {
    id: token,
    text,
    position,
    probability: Math.exp(logProbability),
    ...(alternatives && {
      alternatives: alternatives.map((one) => ({
        id: one.token,
        text: one.text,
        probability: Math.exp(one.logProbability),
      })),
    }),
  };
}
