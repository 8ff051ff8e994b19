/** Tests of the training loop on a decoder small enough for seconds. */
import { toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, listParameters } from "@mlxterp/models";
import { describe, expect, it } from "vitest";
import { decoderConfig } from "./architecture.js";
import { defaultDataset } from "./dataset.js";
import { defaultTraining, learningRateAt, type TrainOptions, train } from "./train.js";

const options: TrainOptions = {
  ...defaultTraining,
  seed: 3,
  steps: 12,
  batch: 4,
  warmUp: 4,
  learningRate: 1e-2,
  dataset: { ...defaultDataset, length: 24, repeated: 0.2 },
};

function smallDecoder(): Decoder {
  const [layer] = decoderConfig.layers;
  const config = { ...decoderConfig, layers: [layer] };
  return initializeWeights(new Decoder(config), { seed: 3, deviation: 0.04 });
}

async function trained(changes: Partial<TrainOptions> = {}) {
  const decoder = smallDecoder();
  const losses: number[] = [];
  await train(decoder, { ...options, ...changes, onStep: (_, loss) => losses.push(loss) });
  return { losses, weights: [...listParameters(decoder).values()].map((array) => toFlat(array)) };
}

describe("training", () => {
  it("lowers the loss from that of a uniform guess", async () => {
    const { losses } = await trained();
    expect(losses[0]).toBeCloseTo(Math.log(decoderConfig.vocab), 0);
    expect(losses.at(-1)).toBeLessThan(losses[0] - 1);
  });

  it("gives the same weights, bit for bit, for the same seed on one machine", async () => {
    expect((await trained()).weights).toEqual((await trained()).weights);
  });

  it("stops between two steps when it is told to", async () => {
    const stop = new AbortController();
    let steps = 0;
    const onStep = () => {
      steps++;
      if (steps === 2) stop.abort(new Error("enough"));
    };
    await expect(
      train(smallDecoder(), { ...options, signal: stop.signal, onStep }),
    ).rejects.toThrow("enough");
    expect(steps).toBe(2);
  });

  it("warms up in a line and cools down along a cosine", () => {
    const rate = (step: number) => learningRateAt(step, { ...options, steps: 100 });
    expect(rate(2)).toBeCloseTo(1e-2 / 2, 4);
    expect(rate(50)).toBeCloseTo(1e-2 * (0.05 + 0.95 / 2), 6);
    expect(rate(100)).toBeCloseTo(1e-2 / 20, 6);
  });
});
