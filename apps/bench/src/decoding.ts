/** Prefill and generation against a bare hand-written loop over the same weights. */
import { evaluate, mx } from "@mlxterp/mlx";
import { type LanguageModel, loadModel } from "@mlxterp/models";
import { BareCache } from "./bare-cache.js";
import { type BareForward, bareForward } from "./bare-forward.js";
import { bareLlama } from "./bare-llama.js";
import { bareLoop } from "./bare-loop.js";
import { lockstep } from "./lockstep.js";
import type { Line, Settings } from "./measurement.js";
import { gpt2Shaped, someTokens } from "./network.js";
import { interleave, ratio, type Times } from "./pairs.js";
import { stories } from "./stories.js";

interface Subject {
  readonly name: string;
  readonly model: LanguageModel;
  readonly bare: BareForward;
  /** Tokens of the prompt that is read at once. */
  readonly prefill: number;
}

const promptLength = 16;
const generated = 128;

export async function* decoding({ rounds }: Settings): AsyncGenerator<Line> {
  if (stories.available) {
    const model = await loadModel(stories.folder);
    yield* compare({ name: "stories15M", model, bare: bareLlama(model), prefill: 240 }, rounds);
  } else {
    yield { what: "stories15M: prefill and generation", value: "skipped" };
  }
  const model = gpt2Shaped();
  const bare = bareForward(model.module);
  yield* compare({ name: "GPT-2-small shape", model, bare, prefill: 512 }, rounds);
}

async function* compare(subject: Subject, rounds: number): AsyncGenerator<Line> {
  const { name, prefill } = subject;
  const reading = await comparePrefill(subject, rounds);
  const [bareRead, ourRead] = [reading.bare, reading.ours];
  yield line(`${name}: prefill of ${prefill} tokens`, [bareRead, ourRead], prefill);
  const prompt = tokensOf(subject, promptLength);
  const { times, same } = await lockstep(
    [bareLoop(subject.bare, prompt), ourLoop(subject.model, prompt)],
    generated,
  );
  yield line(`${name}: generation of ${generated} tokens`, times, 1);
  yield { what: `${name}: tokens that both choose`, value: `${Math.round(100 * same)} %` };
}

/** Our speed as a share of the bare loop's, and tokens per second. */
function line(what: string, [bare, ours]: readonly [Times, Times], tokens: number): Line {
  const speed = Math.round((tokens * 1000) / ours.median);
  return {
    what: `${what}, speed / bare loop (${speed} tokens/s)`,
    value: ratio(bare, ours).toFixed(3),
    goal: "≥ 1.0",
  };
}

function comparePrefill(subject: Subject, rounds: number) {
  const { model, bare, prefill } = subject;
  const ids = mx.array([tokensOf(subject, prefill)], mx.int32);
  return interleave(
    {
      bare: () => {
        const cache = new BareCache();
        return evaluate([bare(ids, cache), ...cache.arrays()]);
      },
      ours: () => {
        const cache = model.createCache();
        const logits = model.module.forward(ids, { cache, lastOnly: true });
        return evaluate([logits, ...cache.arrays()]);
      },
    },
    rounds,
  );
}

async function* ourLoop(model: LanguageModel, prompt: readonly number[]): AsyncGenerator<number> {
  const options = { maxTokens: 2 * generated, ignoreEos: true };
  for await (const { token } of model.generate(prompt, options)) yield token;
}

function tokensOf({ model }: Subject, count: number): number[] {
  return someTokens(count).map((token) => 3 + (token % (model.anatomy.vocab - 3)));
}
