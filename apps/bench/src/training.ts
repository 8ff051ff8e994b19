/** Training a dictionary from a model while it runs, against the two alone: what the model gives, and steps on rows that are there. */
import {
  arraySource,
  modelSource,
  type TrainingConfig,
  type TrainingSource,
  trainDictionary,
} from "@mlxterp/dictionaries";
import { evaluate, mx } from "@mlxterp/mlx";
import type { Line, Settings } from "./measurement.js";
import { gpt2Shaped, shape, someTokens } from "./network.js";
import { interleave } from "./pairs.js";

const [batchSize, features, k, steps] = [1024, 6144, 32, 6];
const texts = 8; // of which one batch is made

export async function* training({ rounds }: Settings): AsyncGenerator<Line> {
  const length = batchSize / texts;
  const data = Array.from({ length: texts * (steps + 1) }, (_, at) =>
    someTokens(length + at).slice(at),
  );
  const streamed = modelSource(gpt2Shaped(), data, { site: "layers.6", batchSize: texts });
  const drawn = mx.random.normal([batchSize, shape.hidden], mx.float32, 0, 1, mx.random.key(1));
  const held = arraySource(drawn);
  const times = await interleave(
    {
      collected: () => collected(streamed),
      trained: () => trained(held),
      together: () => trained(streamed),
    },
    Math.max(3, Math.ceil(rounds / 2)),
  );
  const apart = times.collected.median + times.trained.median;
  yield {
    what: `collecting and training together, ${steps} steps of ${batchSize} tokens / both alone`,
    value: (times.together.median / apart).toFixed(2),
    goal: "≤ 1.15",
  };
}

/** Rows as they come, thrown away. */
async function collected(source: TrainingSource): Promise<void> {
  let count = 0;
  for await (const { x } of source.batches(batchSize, 0)) {
    await evaluate([x]);
    if (++count === steps) return;
  }
}

async function trained(source: TrainingSource): Promise<void> {
  const settings = {
    ...({ architecture: "topK", normalize: "none" } as const),
    ...{ features, k, batchSize, steps, learningRate: 1e-3 },
  } satisfies TrainingConfig;
  await trainDictionary(source, settings);
}
