/** A step of top-k training, 1024 rows of 768 into 6144 features, against the same step written by hand. */
import { arraySource, type TrainingConfig, trainDictionary } from "@mlxterp/dictionaries";
import { evaluate, type MxArray, mx } from "@mlxterp/mlx";
import type { Line, Settings } from "./measurement.js";
import { interleave } from "./pairs.js";

const [rows, width, features, k] = [1024, 768, 6144, 32];
const rate = 1e-3;

export async function* dictionaries({ rounds }: Settings): AsyncGenerator<Line> {
  const x = mx.random.normal([rows, width], mx.float32, 0, 1, mx.random.key(1));
  const settings = {
    ...({ architecture: "topK", normalize: "none" } as const),
    ...{ features, k, batchSize: rows, learningRate: rate, auxiliary: 0 },
    scaleByDecoderNorm: false,
  } satisfies Partial<TrainingConfig>;
  const source = arraySource(x);
  const steps = 3;
  const train = (count: number) => trainDictionary(source, { ...settings, steps: count });
  const bare = bareTraining(x);
  const times = await interleave(
    {
      one: async () => void (await train(1)),
      several: async () => void (await train(1 + steps)),
      bare: async () => {
        for (let step = 0; step < steps; step++) await bare();
      },
    },
    Math.min(rounds, 5),
  );
  const several = times.several.median - times.one.median; // without the first weights
  yield {
    what: `top-k training step, ${rows} × ${width} → ${features} / the same by hand`,
    value: (several / times.bare.median).toFixed(2),
    goal: "≤ 0.8",
  };
}

/** Partition, mask, dense products, the library's automatic gradient, Adam. */
function bareTraining(x: MxArray): () => Promise<void> {
  const draw = (shape: number[], key: number) =>
    mx.random.normal(shape, mx.float32, 0, 0.03, mx.random.key(key));
  let parameters = [
    draw([width, features], 2),
    mx.zeros([features]),
    draw([features, width], 3),
    mx.zeros([width]),
  ];
  let means = parameters.map(({ shape }) => mx.zeros(shape));
  let squares = parameters.map(({ shape }) => mx.zeros(shape));
  let step = 0;
  const loss = (encoder: MxArray, bias: MxArray, decoder: MxArray, offset: MxArray) => {
    const p = mx.add(mx.matmul(mx.subtract(x, offset), encoder), bias);
    const places = mx
      .argpartition(mx.negative(mx.stopGradient(p)), k - 1, 1)
      .index(mx.Slice(), mx.Slice(0, k));
    const least = mx.min(mx.takeAlongAxis(mx.stopGradient(p), places, 1), 1, true);
    const f = mx.maximum(mx.multiply(p, mx.greaterEqual(mx.stopGradient(p), least)), 0);
    const y = mx.add(mx.matmul(f, decoder), offset);
    return mx.divide(mx.sum(mx.square(mx.subtract(y, x))), rows);
  };
  const gradient = mx.valueAndGrad(loss as never, [0, 1, 2, 3]) as unknown as (
    ...arrays: MxArray[]
  ) => [MxArray, MxArray[]];
  return async () => {
    step++;
    const [value, slopes] = gradient(...parameters);
    const norm = mx.sqrt(
      slopes.map((slope) => mx.sum(mx.square(slope))).reduce((sum, one) => mx.add(sum, one)),
    );
    const factor = mx.minimum(1, mx.divide(1, mx.add(norm, 1e-6)));
    const clipped = slopes.map((slope) => mx.multiply(slope, factor));
    means = means.map((mean, at) => mx.add(mx.multiply(mean, 0.9), mx.multiply(clipped[at], 0.1)));
    squares = squares.map((square, at) =>
      mx.add(mx.multiply(square, 0.999), mx.multiply(mx.square(clipped[at]), 0.001)),
    );
    const root = Math.sqrt(1 - 0.999 ** step);
    const size = rate / (1 - 0.9 ** step);
    parameters = parameters.map((array, at) =>
      mx.subtract(
        array,
        mx.divide(
          mx.multiply(means[at], size),
          mx.add(mx.divide(mx.sqrt(squares[at]), root), 1e-8),
        ),
      ),
    );
    await evaluate([value, ...parameters, ...means, ...squares]);
  };
}
