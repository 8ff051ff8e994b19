/** Values that no public function expects, to be put in the place of a right one. */
import { mx } from "@mlxterp/mlx";
import type { Random } from "./random.js";

/** What a callback, getter or proxy of the caller throws: only this may come out again as it is. */
export class CallersError extends Error {}

function throwing(): never {
  throw new CallersError("thrown by the caller's own code");
}

function cyclicList(): unknown[] {
  const list: unknown[] = [1];
  list.push(list);
  return list;
}

function cyclicObject(): object {
  const object: Record<string, unknown> = { a: 1 };
  object.self = object;
  return object;
}

function nested(depth: number): unknown {
  return depth === 0 ? 1 : [nested(depth - 1)];
}

const numbers: readonly unknown[] = [
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e308, -1e308, 5e-324],
  ...[-1, 0, -0, 1, 1.5, -2.5, 2 ** 31, -(2 ** 31) - 1, 2 ** 53, 10n, -1n, 3, 1e9],
];

const texts: readonly string[] = [
  ...[
    "",
    " ",
    "constructor",
    "__proto__",
    "layers.*",
    "layers.99",
    "**",
    "layers.0#7",
    "\ud800",
    "\udc00a",
  ],
  ...[
    "null\u0000byte",
    "[",
    "(((",
    "x".repeat(100_000),
    "layers.".repeat(5_000),
    "\u202eabc",
    "scale(1e999)",
  ],
];

const makers: readonly (() => unknown)[] = [
  ...[() => undefined, () => null, () => true, () => false, () => Symbol("hostile")],
  ...[() => [], () => [[]], () => [[[]]], () => nested(200), cyclicList, cyclicObject],
  ...[() => [undefined], () => [null, 1], () => [Number.NaN], () => [1.5], () => new Array(3)],
  ...[() => ["a", 1], () => [[1, 2], [3]], () => [-1], () => [2 ** 31], () => [Symbol("inside")]],
  ...[
    () => ({}),
    () => Object.create(null) as object,
    () => ({ length: 3 }),
    () => ({ from: 5, to: 1 }),
  ],
  ...[
    () => ({ lengths: [3], padding: "right" }),
    () => ({ ids: [[1]], lengths: [9], padding: "right" }),
  ],
  () => ({ type: "scale" }),
  ...[() => new Map([["a", 1]]), () => new Set([1]), () => new Date(Number.NaN), () => /a/g],
  ...[() => new Float32Array([1, 2]), () => new Float64Array(0), () => new BigInt64Array(2)],
  ...[
    () => new Uint8Array([1, 2, 3]),
    () => new DataView(new ArrayBuffer(4)),
    () => new ArrayBuffer(8),
  ],
  ...[
    () => throwing,
    () => () => undefined,
    () => () => null,
    () => () => "text",
    () => () => [1, 2],
  ],
  ...[
    () => (x: unknown) => x,
    () => async () => 1,
    () => class Hostile {},
    () => () => mx.array([1]),
  ],
  ...[() => () => Number.NaN, () => Promise.resolve(1), () => new Error("a value")],
  () =>
    new Proxy({}, { get: throwing, has: throwing, ownKeys: throwing, getPrototypeOf: throwing }),
  () => new Proxy({}, { get: () => 7 }),
  ...[() => AbortSignal.abort(), () => new Date(0), () => new WeakMap(), () => Object.freeze([1])],
  ...[() => new URL("http://127.0.0.1:9"), () => globalThis, () => new Float64Array([Number.NaN])],
  ...[
    () =>
      function* () {
        yield 1;
      },
    () => Object(Symbol("boxed")),
    () => new String("layers.0"),
  ],
  () => Object.defineProperty({}, "save", { get: throwing, enumerable: true }),
  () => Object.defineProperty({}, "interventions", { get: throwing, enumerable: true }),
  () => Object.defineProperty([1, 2], 0, { get: throwing, enumerable: true }),
  ...[() => mx.array([]), () => mx.array(3), () => mx.array([1.5, 2.5]), () => mx.zeros([0, 4])],
  ...[
    () => mx.array([1, 2], mx.int32),
    () => mx.array([[1, 2]], mx.uint8),
    () => mx.ones([2, 3, 4]),
  ],
  ...[
    () => mx.ones([2, 2], mx.float16),
    () => mx.ones([2], mx.complex64),
    () => mx.ones([1], mx.bool),
  ],
  ...[() => mx.array([Number.NaN]), () => mx.array([-5, 2_000_000], mx.int32), () => mx],
];

/** Any hostile value. */
export function hostileValue(random: Random, extra: readonly unknown[]): unknown {
  const kind = random.below(10);
  if (kind < 2) return random.pick(numbers);
  if (kind < 4) return random.pick(texts);
  if (kind < 5) return random.pick(extra);
  return random.pick(makers)();
}
