/** A step of top-k training, 1024 rows of 768 into 6144 features, against the same step written by hand. */
import { type TrainingConfig, type TrainingSource, trainDictionary } from "@mlxterp/dictionaries";
import { evaluate, type MxArray, mx } from "@mlxterp/mlx";
import { now } from "./clock.js";
import type { Line, Settings } from "./measurement.js";
import { summarize } from "./pairs.js";

const [rows, width, features, k] = [1024, 768, 6144, 32];
const rate = 1e-3;

export async function* dictionaries({ rounds }: Settings): AsyncGenerator<Line> {
  const x = mx.random.normal([rows, width], mx.float32, 0, 1, mx.random.key(1));
  const settings = {
    ...({ architecture: "topK", normalize: "none" } as const),
    ...{ features, k, batchSize: rows, learningRate: rate, auxiliary: 0 },
    scaleByDecoderNorm: false,
  } satisfies Partial<TrainingConfig>;
  const times = { own: [] as number[], bare: [] as number[] };
  const steps = Math.max(5, rounds) + 1;
  await trainDictionary(inTurn(x, times), { ...settings, steps });
  const [own, bare] = [times.own, times.bare].map((all) => summarize(all.slice(1))); // without the first weights
  yield {
    what: `top-k training step, ${rows} × ${width} → ${features} / the same by hand`,
    value: (own.median / bare.median).toFixed(2),
    goal: "≤ 0.8",
  };
}

/** Rows for a training, which between two of its steps takes one by hand: a busy machine slows both alike. */
function inTurn(
  x: MxArray,
  times: { readonly own: number[]; readonly bare: number[] },
): TrainingSource {
  const bare = bareTraining(x);
  return {
    name: "rows",
    async *batches() {
      while (true) {
        const start = now();
        yield { x, y: x };
        const middle = now();
        await bare();
        times.own.push(middle - start);
        times.bare.push(now() - middle);
      }
    },
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
