/** Values that are almost right: a right one with one thing changed, which most checks would let through. */
import { isArray, type MxArray, mx } from "@mlxterp/mlx";
import type { Random } from "./random.js";
import { CallersError, hostileValue } from "./values.js";

type Table = Readonly<Record<string, unknown>>;

function throwing(): never {
  throw new CallersError("thrown by the caller's own code");
}

/** The arguments with one or two wrong ones, at any depth. */
export function spoiled(
  args: readonly unknown[],
  random: Random,
  extra: readonly unknown[],
): unknown[] {
  const result = [...args];
  for (let count = 1 + random.below(2); count > 0; count--) {
    const place = random.below(result.length + (random.below(8) === 0 ? 1 : 0));
    result[place] = spoiledInside(result[place], random, extra);
  }
  return result;
}

/** The value itself is exchanged, or something inside it. */
function spoiledInside(value: unknown, random: Random, extra: readonly unknown[]): unknown {
  if (random.below(4) > 0) {
    if (Array.isArray(value) && value.length > 0) {
      const at = random.below(value.length);
      return value.with(at, spoiledInside(value[at], random, extra));
    }
    if (isPlain(value)) {
      const key = random.pick([...Object.keys(value), "unknownOption"]);
      return { ...value, [key]: spoiledInside(value[key], random, extra) };
    }
  }
  return random.below(2) === 0 ? near(value, random) : hostileValue(random, extra);
}

/** Of the same kind, or the same seen otherwise. */
function near(value: unknown, random: Random): unknown {
  if (typeof value === "number") return random.pick(nearNumber(value));
  if (typeof value === "string") return random.pick(nearText(value));
  if (typeof value === "boolean") return random.pick([!value, 0, "true", null]);
  if (typeof value === "function") return random.pick(nearFunction(value as () => unknown));
  if (isArray(value)) return random.pick(nearArray)(value);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView))
    return random.pick(nearTyped)(value as Float32Array);
  if (Array.isArray(value)) return random.pick(nearList)(value, random);
  if (isPlain(value)) return random.pick(nearObject)(value, random);
  if (typeof value === "object" && value !== null) return random.pick(nearOther)(value);
  return null;
}

const nearNumber = (value: number): unknown[] => [
  ...[Number.NaN, Number.POSITIVE_INFINITY, -value, value + 0.5, value + 1, 1e9, 2 ** 53],
  ...[
    -0,
    String(value),
    BigInt(Number.isFinite(value) ? Math.trunc(value) : 0),
    [value],
    Object(value),
    -1e308,
  ],
];

const nearText = (value: string): unknown[] => [
  ...["", ` ${value}`, `${value}${value.at(-1) ?? "a"}`, value.toUpperCase(), value.slice(0, -1)],
  ...[
    `${value}\0`,
    `${value}\ud800`,
    value.repeat(Math.min(1000, Math.ceil(1e6 / (value.length || 1)))),
    [value],
    Object(value),
    `${value}.*`,
  ],
];

const nearFunction = (value: () => unknown): unknown[] => [
  ...[throwing, () => undefined, () => Number.NaN, () => "text", () => [], () => ({}), value.name],
  ...[async () => value(), () => Promise.resolve(1), class Hostile {}, function* () { yield 1; }], // biome-ignore format: one list
  ...[() => mx.zeros([0]), () => mx.ones([7, 7]), (...all: unknown[]) => all[0], () => Symbol("a")],
];

const nearArray: readonly ((value: MxArray) => unknown)[] = [
  (value) => value.reshape([1, ...value.shape]),
  (value) => value.reshape([value.size]),
  (value) => mx.transpose(value),
  (value) => mx.zeros([0, ...value.shape.slice(1)]),
  (value) => (value.ndim === 0 ? mx.stack([value, value]) : mx.concatenate([value, value], -1)),
  (value) => mx.multiply(value, mx.array(Number.NaN)),
  (value) => mx.add(value, mx.array(Number.POSITIVE_INFINITY)),
  ...[mx.complex64, mx.float16, mx.bool, mx.int8, mx.uint32].map(
    (dtype) => (value: MxArray) => value.astype(dtype),
  ),
  (value) => value.tolist(),
  (value) => ({ shape: value.shape, dtype: value.dtype }),
];

const nearTyped: readonly ((value: Float32Array) => unknown)[] = [
  (value) => value.slice(1),
  (value) => new Float32Array(value.length).fill(Number.NaN),
  (value) => Array.from(value),
  (value) => Uint8Array.from(value, Number),
  (value) => BigInt64Array.from(Array.from(value, () => 1n)),
  (value) => new DataView(value.buffer),
  (value) => Float64Array.from([...value, 1], Number),
  () => new Float32Array(0),
];

const nearList: readonly ((value: readonly unknown[], random: Random) => unknown)[] = [
  () => [],
  (value) => [...value, ...value],
  (value) => value.slice(1),
  (value) => value.toReversed(),
  (value) => [value],
  (value) => [...value, [value[0]]],
  (value) => Object.freeze([...value]),
  (value) => [...value, undefined],
  (value) => Object.assign([...value], { length: value.length + 2 }), // with gaps
  (value) => Array.from({ length: 500 }, (_, at) => value[at % Math.max(1, value.length)]),
  (value) => ({ ...value, length: value.length }),
  (value) => new Set(value),
  (value) => value[0],
  (value, random) => value.map((one, at) => (at === random.below(value.length) ? value : one)),
];

const nearObject: readonly ((value: Table, random: Random) => unknown)[] = [
  (value, random) => without(value, keyOf(value, random)),
  (value, random) => misspelt(value, keyOf(value, random)),
  (value) => Object.freeze({ ...value }),
  (value) => Object.assign(Object.create(null), value),
  (value) => Object.create(value),
  (value) => new Map(Object.entries(value)),
  (value) => ({ ...value, signal: AbortSignal.abort(new CallersError("aborted")) }),
  (value) => ({ ...value, signal: AbortSignal.abort() }),
  (value) => [value],
  (value) => Object.entries(value),
  (value) => new Proxy(value, {}),
  (value, random) => Object.defineProperty({ ...value }, keyOf(value, random), { get: throwing, enumerable: true }), // biome-ignore format: one line
  (value, random) => {
    const cyclic: Record<string, unknown> = { ...value };
    cyclic[keyOf(value, random)] = cyclic;
    return cyclic;
  },
  (value, random) => ({ ...value, [keyOf(value, random)]: Symbol("inside") }),
  (value, random) => ({ ...value, [keyOf(value, random)]: new Date(0) }),
];

const nearOther: readonly ((value: object) => unknown)[] = [
  (value) => new Proxy(value, {}),
  (value) => Object.create(value),
  (value) => ({ ...value }),
  (value) => Object.create(Object.getPrototypeOf(value) as object),
  (value) => value.constructor,
  (value) => [value],
];

function keyOf(value: Table, random: Random): string {
  return random.pick([...Object.keys(value), "unknownOption"]);
}

function without({ ...value }: Record<string, unknown>, key: string): Table {
  delete value[key];
  return value;
}

/** The last letter doubled. */
function misspelt(value: Table, key: string): Table {
  return { ...without(value, key), [`${key}${key.at(-1)}`]: value[key] };
}

export function isPlain(value: unknown): value is Table {
  return (
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}
