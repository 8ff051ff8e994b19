/** Transcoders across layers in training, against one dictionary whose weights are blocks, and on data whose truth is known. */
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { loadTranscoders } from "../loading/load.js";
import { saveTranscoders } from "../saving/save-dictionary.js";
import { normal, temporaryFolder } from "../testing/make.js";
import { excess } from "../testing/reference.js";
import { pairAt } from "./across-layers.js";
import { resolveConfig, type TrainingConfig, trainingConfig } from "./config.js";
import { initialParameters } from "./initialize.js";
import { objectiveOf } from "./objectives.js";
import type { Parameters } from "./parameters.js";
import { arraySource } from "./sources.js";
import { differentiate } from "./step.js";
import { trainCrossLayerTranscoder, trainDictionary } from "./train.js";

const [layers, hidden, output, features] = [3, 5, 4, 7];
const near = { atol: 2e-5, rtol: 1e-4 };

/** The same as one matrix: blocks on the diagonal to encode, and on and right of it to decode. */
function asBlocks(parameters: Parameters): Parameters {
  const { encoder, decoder, skip } = parameters;
  const grid = (block: (from: number, to: number) => MxArray) =>
    mx.concatenate(
      Array.from({ length: layers }, (_, from) =>
        mx.concatenate(
          Array.from({ length: layers }, (_, to) => block(from, to)),
          1,
        ),
      ),
      0,
    );
  const diagonal = (array: MxArray, [height, width]: readonly [number, number]) =>
    grid((from, to) => (from === to ? array.index(from) : mx.zeros([height, width])));
  return {
    ...parameters,
    encoder: diagonal(encoder, [hidden, features]),
    decoder: grid((from, to) =>
      from > to ? mx.zeros([features, output]) : decoder.index(pairAt(from, to, layers)),
    ),
    skip: diagonal(skip, [hidden, output]),
  };
}

const settings: [string, Partial<TrainingConfig>][] = [
  ["standard", { architecture: "standard", sparsity: 0.3 }],
  ["jumpRelu", { architecture: "jumpRelu", cost: "tanh", sparsity: 0.2, bandwidth: 2 }],
  ["pAnneal", { architecture: "pAnneal", sparsity: 0.2 }],
  ["batchTopK", { architecture: "batchTopK", k: 6, scaleByDecoderNorm: true }],
];

describe.each(settings)("%s across layers", (_, own) => {
  it("has the losses and gradients of one dictionary of blocks", () => {
    const given = { features, steps: 1, kind: "transcoder", skip: true, ...own } as TrainingConfig;
    const config = resolveConfig(trainingConfig.parse({ ...given, layers }));
    const drawn = initialParameters(config, { input: layers * hidden, output: layers * output });
    const parameters = Object.fromEntries(
      Object.entries(drawn).map(([name, array], at) => [
        name,
        mx.add(array, normal(array.shape, at, 0.3)),
      ]),
    );
    const whole = resolveConfig(trainingConfig.parse({ ...given, features: layers * features }));
    const blocks = asBlocks(parameters);
    const batch = { x: normal([16, layers * hidden], 8), y: normal([16, layers * output], 9) };
    const dead = mx.array(Array.from({ length: layers * features }, (_, at) => at % 4 && 1));
    const context = { dead, deadCount: 15, sparsity: config.sparsity, power: 0.5 };
    const found = differentiate(parameters, batch, objectiveOf(config), context);
    const expected = differentiate(blocks, batch, objectiveOf(whole), context);
    for (const name of ["loss", "features", "reconstruction"] as const) {
      const [a, b] = [found.losses[name], expected.losses[name]];
      expect(excess(a, b, near), name).toBeLessThanOrEqual(0);
    }
    expect(Object.keys(found.losses.terms)).toEqual(Object.keys(expected.losses.terms));
    const slopes = asBlocks(found.gradients);
    const there = asBlocks(Object.fromEntries(Object.entries(parameters).map(ones)));
    for (const [name, slope] of Object.entries(expected.gradients)) {
      const inBlocks = mx.multiply(slope, there[name]);
      expect(excess(slopes[name], inBlocks, near), name).toBeLessThanOrEqual(0);
    }
  });
});

function ones([name, { shape }]: [string, MxArray]): [string, MxArray] {
  return [name, mx.ones(shape)];
}

/** Parts that the first layer reads and both layers write, as only a transcoder across layers can tell. */
function known() {
  const [parts, width, count] = [8, 10, 1024];
  const unit = (seed: number) => {
    const rows = normal([parts, width], seed);
    return mx.divide(rows, mx.sqrt(mx.sum(mx.square(rows), 1, true)));
  };
  const chance = mx.random.uniform(0, 1, [count, parts], mx.float32, mx.random.key(3));
  const amounts = mx.add(2, mx.abs(normal([count, parts], 4, 0.5)));
  const on = mx.multiply(mx.less(chance, 0.15).astype(mx.float32), amounts);
  const read = mx.matmul(on, unit(1));
  const written = [mx.matmul(on, unit(5)), mx.matmul(on, unit(6))];
  const noise = normal([count, width], 7, 0.1); // of the second layer's own input: nothing of it is written
  return { x: mx.stack([read, noise], 1), y: mx.stack(written, 1) };
}

const data = known();
const training = {
  ...{ features: 24, steps: 150, batchSize: 128, learningRate: 1e-2, sparsity: 0.02 },
  ...({ architecture: "jumpRelu", cost: "tanh", normalize: "none", clip: null } as const),
};

describe("a transcoder across layers that was trained", () => {
  it("explains what a later layer writes of what an earlier one read, is saved and read back", async () => {
    const { dictionary, metrics } = await trainCrossLayerTranscoder(
      arraySource(data.x, data.y),
      { ...training, layers: 2 },
      { sites: { input: "mlp.hook_in", output: "hook_mlp_out", name: "known" } },
    );
    const alone = await trainDictionary(
      arraySource(data.x.index(mx.Slice(), 1), data.y.index(mx.Slice(), 1)),
      { ...training, kind: "transcoder", steps: 40 },
    );
    expect(metrics.at(-1)?.explained).toBeGreaterThan(0.8);
    expect(alone.metrics.at(-1)?.explained).toBeLessThan(0.2); // what it reads says nothing of it
    const inputs = [0, 1].map((layer) => data.x.index(mx.Slice(), layer));
    const predict = (set: typeof dictionary) =>
      set.decode(
        inputs,
        inputs.map((x, layer) => set.encode(layer, x)),
      );
    const [found, target] = [mx.stack(predict(dictionary), 1), data.y];
    const left = Number(mx.sum(mx.square(mx.subtract(found, target))).item());
    const mean = mx.mean(target, 0, true);
    const spread = Number(mx.sum(mx.square(mx.subtract(target, mean))).item());
    expect(1 - left / spread).toBeGreaterThan(0.8);
    const folder = temporaryFolder();
    await saveTranscoders(dictionary, folder);
    const read = loadTranscoders(folder);
    expect([read.kind, read.layers, read.sites]).toEqual(["cross-layer", 2, dictionary.sites]);
    const again = mx.stack(predict(read as typeof dictionary), 1);
    expect([...toFlat(again)]).toEqual([...toFlat(found)]);
  });

  it("keeps its sparsity at inference, with one threshold of batches, and folds the scale in", async () => {
    const x10 = arraySource(mx.multiply(data.x, 10), mx.multiply(data.y, 10));
    const { dictionary, metrics } = await trainCrossLayerTranscoder(x10, {
      ...{ ...training, architecture: "batchTopK", k: 2, layers: 2, normalize: "average" },
      thresholdRate: 0.1,
    });
    const inputs = [0, 1].map((layer) => mx.multiply(data.x.index(mx.Slice(), layer), 10));
    const on = inputs.map((x, layer) => dictionary.encode(layer, x));
    const count = on.reduce((sum, f) => sum + Number(mx.sum(mx.greater(f, 0)).item()), 0) / 1024;
    expect(count).toBeGreaterThan(1);
    expect(count).toBeLessThan(3);
    const said = mx.stack(dictionary.decode(inputs, on), 1);
    const y = mx.multiply(data.y, 10);
    const left = Number(mx.sum(mx.square(mx.subtract(said, y))).item());
    const spread = Number(mx.sum(mx.square(mx.subtract(y, mx.mean(y, 0, true)))).item());
    expect(1 - left / spread).toBeGreaterThan(metrics.at(-1)!.explained - 0.1);
    expect(metrics.at(-1)!.explained).toBeGreaterThan(0.7);
  });

  it("is refused where settings do not go together, and its layers where rows do not fall into them", async () => {
    const source = arraySource(data.x, data.y);
    const tries: [Record<string, unknown>, string][] = [
      [{ layers: 1 }, "two layers or more"],
      [{ layers: 3 }, "do not fall into so many layers"],
      [{ layers: 2, architecture: "topK" }, "across layers there are"],
      [{ layers: 2, decoder: "unitNorm" }, "free"],
      [{ layers: 2, resampleEvery: 5 }, "resampleEvery"],
      [{ layers: 2, recipe: "sparsify" }, "sparsify"],
    ];
    for (const [own, rule] of tries) {
      const given = { ...training, steps: 1, ...own } as never;
      await expect(trainCrossLayerTranscoder(source, given)).rejects.toThrow(rule);
    }
    const alone = trainDictionary(source, { ...training, kind: "transcoder", layers: 2 });
    await expect(alone).rejects.toThrow("trainCrossLayerTranscoder");
  });
});
