/** Generation that keeps activations, against generation that does not. */
import { type LanguageModel, loadModel } from "@mlxterp/models";
import type { Line, Settings } from "./measurement.js";
import { gpt2Shaped, someTokens } from "./network.js";
import { interleave, ratio } from "./pairs.js";
import { stories } from "./stories.js";

const prompt = (vocab: number) => someTokens(16).map((token) => 3 + (token % (vocab - 3)));

/** Short, so that alternatives come often by turns. */
const maxTokens = 40;

export async function* rollouts({ rounds }: Settings): AsyncGenerator<Line> {
  if (stories.available) yield* compare("stories15M", await loadModel(stories.folder), 2 * rounds);
  else yield { what: "stories15M: rollout", value: "skipped" };
  yield* compare("GPT-2-small shape", gpt2Shaped(), Math.max(3, Math.ceil(rounds / 2)));
}

async function* compare(name: string, model: LanguageModel, rounds: number): AsyncGenerator<Line> {
  const ids = prompt(model.anatomy.vocab);
  const options = { maxTokens, ignoreEos: true };
  const rollout = (...save: string[]) => {
    return async () => {
      using _ = await model.rollout(ids, { ...options, save });
    };
  };
  const times = await interleave(
    {
      plain: async () => void (await model.generateText(ids, options)),
      residual: rollout("layers.*"),
      three: rollout("layers.*", "layers.*.residMid", "layers.*.mlp.post"),
    },
    rounds,
  );
  const share = (which: "residual" | "three") => ratio(times[which], times.plain).toFixed(3);
  const what = `${name}: rollout of ${maxTokens} tokens`;
  yield { what: `${what}, layers.* / generate`, value: share("residual"), goal: "≤ 1.1" };
  yield { what: `${what}, residuals and neurons / generate`, value: share("three") };
}
