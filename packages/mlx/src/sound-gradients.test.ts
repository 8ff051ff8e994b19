/** Gradients are the same whether somebody looks at a value inside or not: random programs with a look at a random place. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type MxArray, mx, nn } from "./index.js";

type Step = (x: MxArray, other: MxArray) => MxArray;

const vector = (x: MxArray) => mx.add(mx.arange(0, x.shape.at(-1)!, 1, mx.float32), 0.5);
const row = (x: MxArray) => mx.mean(x, -1, true);
const loss = nn.losses.crossEntropy;
const batchNorms = new Map<number, { forward(x: MxArray): MxArray }>();

/** (rows, columns) to the same; what they are made of in MLX differs. */
const steps: Readonly<Record<string, Step>> = {
  rmsNorm: (x) => mx.fast.rmsNorm(x, vector(x), 1e-5),
  layerNorm: (x) => mx.fast.layerNorm(x, vector(x), mx.negative(vector(x)), 1e-5),
  bareLayerNorm: (x) => mx.fast.layerNorm(x, null, null, 1e-5),
  halfNorm: (x) => mx.fast.rmsNorm(x.astype(mx.float16), vector(x), 1e-5),
  rope: (x) => {
    const wide = mx.concatenate([x, x], 1).reshape([1, 1, x.shape[0], 2 * x.shape[1]]);
    const turned = mx.fast.rope(wide, 2 * x.shape[1], false, 10_000, 1, 3);
    return turned.reshape([x.shape[0], 2 * x.shape[1]]).index(mx.Slice(), mx.Slice(0, x.shape[1]));
  },
  attention: (x, other) => {
    const heads = (y: MxArray) => mx.expandDims(y, [0, 1]);
    const mask = mx.tril(mx.ones([x.shape[0], x.shape[0]]), 0);
    const masked = mx.multiply(mx.subtract(mask, 1), 1e9);
    return mx.fast
      .scaledDotProductAttention(heads(x), heads(other), heads(x), 0.7, masked)
      .reshape(x.shape);
  },
  variance: (x) => mx.multiply(x, mx.variance(x, 1, true)),
  sampleVariance: (x) => mx.add(x, mx.variance(x, undefined, false, x.size > 1 ? 1 : 0)),
  logsumexp: (x) => mx.subtract(x, mx.logsumexp(x, 1, true)),
  ofMethod: (x) => mx.subtract(x, x.logsumexp(0, true)),
  ofAll: (x) => mx.subtract(x, mx.logsumexp(x)),
  softmax: (x) => mx.softmax(x, -1, true),
  norm: (x) => mx.divide(x, mx.add(mx.linalg.norm(x, 2, -1, true), 1)),
  maskByBooleans: (x, other) => mx.multiply(mx.greater(other, 0), x),
  cast: (x, other) => mx.multiply(x, other.astype(mx.float16)).astype(mx.float32),
  half: (x) => mx.divide(x, mx.add(mx.square(x), 1).astype(mx.bfloat16)).astype(mx.float32),
  powers: (x, other) => mx.power(mx.add(mx.abs(x), 0.5), mx.sigmoid(other).astype(mx.float16)),
  largest: (x, other) => mx.maximum(x, other.astype(mx.float16)).astype(mx.float32),
  logaddexp: (x, other) => mx.logaddexp(other.astype(mx.float16), x).astype(mx.float32),
  list: (x) => mx.multiply(x, x.shape[0] === 1 ? [vector(x).tolist() as number[]] : 2),
  clip: (x) => mx.clip(x, -0.7, 0.9),
  product: (x, other) => mx.addmm(row(x), x, mx.matmul(other.transpose(), other)),
  chosen: (x, other) => mx.where(mx.less(x, 0), mx.multiply(x, 0.1), other),
  gathered: (x) => mx.take(x, mx.argsort(mx.stopGradient(x.index(mx.Slice(), 0))), 0),
  scattered: (x) =>
    x.at(mx.array([0, 0], mx.int32)).add(mx.concatenate([x, x], 0).index(mx.Slice(0, 2))),
  silu: (x) => nn.silu(x),
  gelu: (x) => nn.gelu(x),
  crossEntropy: (x) =>
    mx.add(x, loss(x, mx.zeros([x.shape[0]], mx.int32), undefined, -1, 0.1, "mean")),
  batchNorm: (x) => {
    const columns = x.shape[1];
    if (!batchNorms.has(columns)) batchNorms.set(columns, new nn.BatchNorm(columns));
    return batchNorms.get(columns)!.forward(x);
  },
  cumulated: (x) => mx.cumsum(mx.exp(mx.minimum(x, 2)), 1),
  reduced: (x) => mx.add(x, mx.prod(mx.tanh(x), 0, true)),
};

const looks: Readonly<Record<string, (x: MxArray) => unknown>> = {
  eval: (x) => mx.eval(x),
  tolist: (x) => x.tolist(),
  String: (x) => String(x),
  item: (x) => mx.max(x).item(),
};

const program = fc.record({
  rows: fc.integer({ min: 1, max: 4 }),
  columns: fc.integer({ min: 1, max: 5 }),
  seed: fc.nat(1000),
  names: fc.array(fc.constantFrom(...Object.keys(steps)), { minLength: 1, maxLength: 4 }),
  at: fc.nat(4),
  look: fc.constantFrom(...Object.keys(looks)),
});

it("gradients do not change when somebody looks", () => {
  const property = fc.property(program, ({ rows, columns, seed, names, at, look }) => {
    const inputs = [0, 1].map((n) =>
      mx.random.normal([rows, columns], mx.float32, 0, 1, mx.random.key(2 * seed + n)),
    );
    const gradient = (looking: boolean) => {
      const metric = (x: MxArray, other: MxArray) => {
        const walk = [mx.sin(x)];
        for (const name of names) walk.push(steps[name](walk.at(-1)!, mx.cos(other)));
        if (looking) looks[look](walk[at % walk.length]);
        return mx.sum(mx.multiply(walk.at(-1)!, vector(walk.at(-1)!)));
      };
      const [value, gradients] = mx.valueAndGrad(metric, [0, 1])(inputs[0], inputs[1]);
      return [value, ...(gradients as unknown as MxArray[])].map((array) =>
        [array.tolist()].flat(3).map(Number),
      );
    };
    const [plain, looked] = [gradient(false), gradient(true)];
    plain.forEach((numbers, which) => {
      const size = Math.max(1, ...numbers.map(Math.abs).filter(Number.isFinite));
      numbers.forEach((number, place) => {
        if (Number.isFinite(number)) {
          expect(Math.abs(looked[which][place] - number)).toBeLessThanOrEqual(1e-5 * size);
        } else expect(looked[which][place]).toBe(number);
      });
    });
  });
  fc.assert(property, { numRuns: 300 });
});

describe("what is made of steps inside a gradient", () => {
  const x = mx.random.normal([3, 4], mx.float32, 0, 1, mx.random.key(5));
  const whole = Object.entries(steps).map(([name, step]) => [name, step(x, mx.cos(x))] as const);

  it.each(whole)("has the value that it has outside: %s", (name, outside) => {
    let inside: MxArray | undefined;
    mx.grad((y: MxArray) => {
      inside = steps[name](y, mx.cos(y));
      return mx.sum(inside);
    })(x);
    if (name !== "batchNorm") expect(inside!.tolist()).toEqual(outside.tolist());
  });
});

describe("what cannot be made of steps", () => {
  const x = mx.array([[1, 2, 4]]);
  const inner = (y: MxArray) => mx.grad((z: MxArray) => mx.sum(mx.exp(mx.square(z))))(y);
  const outer = (look: boolean) => (y: MxArray) => {
    const result = mx.sum(mx.multiply(inner(mx.sin(y)), 0.5));
    if (look) result.item();
    return result;
  };

  it("is right as long as nobody looks, and otherwise either refused or right", () => {
    const plain = mx.grad(outer(false))(x).tolist();
    let looked: unknown;
    try {
      looked = mx.grad(outer(true))(x).tolist();
    } catch (error) {
      expect(error).toMatchObject({ code: "GRADIENT_READ", operation: "mx.grad" });
      looked = plain;
    }
    expect(looked).toEqual(plain);
    expect(x.tolist()).toEqual([[1, 2, 4]]); // and everything can be read again afterwards
  });
});
