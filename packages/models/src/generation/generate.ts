/** Generation: one token after the other, with a cache, under interventions. */
import { type Interventions, InvalidPromptError, type Prompt } from "@mlxterp/core";
import { evaluate, InvalidArgumentError, type MxArray } from "@mlxterp/mlx";
import type { GenerationCache, GenerativeModel } from "./generative-model.js";
import {
  type Choice,
  checkSampling,
  createSampler,
  greedy,
  type SamplingOptions,
} from "./sampling.js";
import { TextStream } from "./text-stream.js";

export interface GenerateOptions extends SamplingOptions {
  /** How many tokens at most. Default: 50. */
  readonly maxTokens?: number;
  /** Applied while the prompt is read and at every step; `offset` and `step` tell an intervention where it is. */
  readonly interventions?: Interventions;
  /** Strings that end the text (and are not part of it), or ids that do. */
  readonly stop?: string | number | readonly (string | number)[];
  /** Goes on after the model's own end-of-text mark. Default: false. */
  readonly ignoreEos?: boolean;
  /** Ends the loop with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Why a text ended: a mark of the model, a given stop, the number asked for, or no room for more. */
export type FinishReason = "eos" | "stop" | "maxTokens" | "maxPositions";

/** One generated token. */
export interface GenerationStep {
  readonly token: number;
  /** The text that became certain with this token; empty without a tokenizer. */
  readonly text: string;
  /** Natural logarithm of the probability the model gave the token, before temperature and cuts. */
  readonly logProbability: number;
  /** The token's absolute position. */
  readonly position: number;
  /** In the last step only. */
  readonly finish: FinishReason | undefined;
}

/**
 * Continues one prompt. Every step computes one token from cached keys and values; the result equals a
 * full forward over the whole text.
 *
 * @throws InvalidPromptError (`INVALID_PROMPT`), TokenRangeError (`TOKEN_RANGE`), InvalidArgumentError (`INVALID_ARGUMENT`)
 */
export async function* generate(
  model: GenerativeModel,
  prompt: Prompt,
  options: GenerateOptions = {},
): AsyncGenerator<GenerationStep, void, undefined> {
  const { maxTokens = 50, signal, interventions } = options;
  checkSampling(options);
  checkMaxTokens(maxTokens);
  const ids = onePrompt(model, prompt);
  const end = endings(options.ignoreEos ? [] : model.eosTokens, options.stop);
  const stream = new TextStream(model.tokenizer, ids, end.strings);
  const choose = createChooser(options);
  const cache = model.createCache();
  let next: readonly number[] = ids;
  for (let step = 0; step < maxTokens; step++) {
    signal?.throwIfAborted();
    const position = ids.length + step;
    const logits = lastLogits(model, next, { interventions, cache, step });
    const choice = await choose(logits, cache);
    const piece = end.ids.has(choice.token)
      ? { text: "", stopped: false }
      : stream.push(choice.token);
    const finish = finishReason(choice.token, piece.stopped, end, {
      last: step + 1 === maxTokens,
      full: position + 1 === model.anatomy.maxPositions,
    });
    const rest = finish && !piece.stopped ? stream.flush() : "";
    yield { ...choice, text: piece.text + rest, position, finish };
    if (finish) return;
    next = [choice.token];
  }
}

interface Endings {
  readonly strings: readonly string[];
  readonly ids: ReadonlySet<number>;
  readonly eos: ReadonlySet<number>;
}

function endings(eosTokens: readonly number[], stop: GenerateOptions["stop"] = []): Endings {
  const stops = [stop].flat();
  const strings = stops.filter((item): item is string => typeof item === "string" && item !== "");
  const eos = new Set(eosTokens);
  const ids = new Set(stops.filter((item): item is number => typeof item === "number"));
  return { strings, ids: new Set([...ids, ...eos]), eos };
}

function finishReason(
  token: number,
  stopped: boolean,
  { ids, eos }: Endings,
  limits: { last: boolean; full: boolean },
): FinishReason | undefined {
  if (eos.has(token)) return "eos";
  if (stopped || ids.has(token)) return "stop";
  if (limits.last) return "maxTokens";
  return limits.full ? "maxPositions" : undefined;
}

/** The logits of the last position, (vocab), not yet computed. */
function lastLogits(
  model: GenerativeModel,
  ids: readonly number[],
  {
    interventions,
    cache,
    step,
  }: { interventions?: Interventions; cache: GenerationCache; step: number },
): MxArray {
  const args = [{ cache, lastOnly: true }];
  const pass = model.collectLazily([ids], { interventions, args, offset: cache.length, step });
  return pass.get("output").reshape([-1]);
}

/** Chooses a token and computes the step, the cache included, so that no graph grows from step to step. */
function createChooser(
  options: SamplingOptions,
): (logits: MxArray, cache: GenerationCache) => Promise<Choice> {
  const sample = options.temperature ? createSampler(options) : undefined;
  return async (logits, cache) => {
    if (sample) {
      await evaluate([logits, ...cache.arrays()]);
      return sample(logits);
    }
    const { token, logProbability } = greedy(logits);
    await evaluate([token, logProbability, ...cache.arrays()]);
    return { token: Number(token.item()), logProbability: Number(logProbability.item()) };
  };
}

function onePrompt(model: GenerativeModel, prompt: Prompt): readonly number[] {
  const { ids } = model.tokens(prompt);
  if (ids.length !== 1) {
    throw new InvalidPromptError(
      `generate continues one prompt, but was given ${ids.length}. Call it once for each.`,
      prompt,
    );
  }
  if (ids[0].length === model.anatomy.maxPositions) {
    throw new InvalidPromptError(
      `The prompt fills all ${ids[0].length} positions of this model, so nothing can follow. Shorten it.`,
      prompt,
    );
  }
  return ids[0];
}

function checkMaxTokens(maxTokens: number): void {
  if (Number.isInteger(maxTokens) && maxTokens > 0) return;
  throw new InvalidArgumentError("maxTokens", maxTokens, `${maxTokens} is not a positive integer.`);
}
