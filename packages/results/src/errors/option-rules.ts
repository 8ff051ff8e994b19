/** What the values of options must be, each in one place; to be named in the table that `checkOptions` is given. */
import { brief } from "./brief.js";
import { InvalidArgumentError } from "./invalid-argument.js";
import { isCallable, isRecord, isSignal, isStandIn } from "./kinds-of-values.js";

/** Throws unless a value is one that the option can have. */
export type OptionRule = (argument: string, value: unknown) => void;

/** The largest number that float32, in which MLX computes, can hold. */
export const largestFloat32 = (2 - 2 ** -23) * 2 ** 127;

/**
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless it is a whole number from 1
 * @example
 * checkPositiveInteger("batchSize", 8); // 8
 */
export function checkPositiveInteger(argument: string, value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 1) return value as number;
  throw new InvalidArgumentError(
    argument,
    value,
    `must be a whole number from 1, not ${brief(value)}.`,
  );
}

/**
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless it is a whole number from 0
 * @example
 * checkWholeNumber("seed", 0); // 0
 */
export function checkWholeNumber(argument: string, value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw new InvalidArgumentError(
    argument,
    value,
    `must be a whole number from 0, not ${brief(value)}.`,
  );
}

/**
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless it is an integer
 * @example
 * checkInteger("layer", -1); // -1
 */
export function checkInteger(argument: string, value: unknown): number {
  if (Number.isSafeInteger(value)) return value as number;
  throw new InvalidArgumentError(argument, value, `must be an integer, not ${brief(value)}.`);
}

/**
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless it is a finite number, and one that float32 can hold
 * @example
 * checkFinite("factor", 0.5); // 0.5
 */
export function checkFinite(argument: string, value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    const rule = `must be a finite number, not ${brief(value)}.`;
    throw new InvalidArgumentError(argument, value, rule);
  }
  if (Math.fround(value) <= largestFloat32 && Math.fround(value) >= -largestFloat32) return value;
  const rule = `${value} is beyond what float32 can hold, ±${largestFloat32.toPrecision(3)}.`;
  throw new InvalidArgumentError(argument, value, rule);
}

/**
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless it is a number; infinities and NaN are
 * @example
 * checkNumber("value", 1.5); // 1.5
 */
export function checkNumber(argument: string, value: unknown): number {
  if (typeof value === "number") return value;
  throw new InvalidArgumentError(argument, value, `must be a number, not ${brief(value)}.`);
}

/**
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless it is a list of numbers, of any kind: typed arrays are, if their memory
 * was not handed on
 * @example
 * checkNumbers("values", Float64Array.of(1, 2));
 */
export function checkNumbers(argument: string, value: unknown): void {
  const typed = ArrayBuffer.isView(value) && !(value instanceof DataView);
  if (!typed && !Array.isArray(value)) {
    const rule = `must be a list of numbers, not ${brief(value)}.`;
    throw new InvalidArgumentError(argument, value, rule);
  }
  if (typed && isDetached(value)) {
    const rule = "its memory was handed to somebody else (transferred): nothing is left of it.";
    throw new InvalidArgumentError(argument, value, rule);
  }
  const odd = Array.from(value as ArrayLike<unknown>).findIndex((one) => typeof one !== "number");
  if (odd < 0) return;
  const rule = `must hold numbers only; place ${odd} holds ${brief((value as ArrayLike<unknown>)[odd])}.`;
  throw new InvalidArgumentError(argument, value, rule);
}

function isDetached({ buffer, byteLength }: ArrayBufferView): boolean {
  if (byteLength > 0) return false;
  try {
    return new Uint8Array(buffer).length < 0; // refused where it was handed on; `detached` is newer than Node 20
  } catch {
    return true;
  }
}

/**
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless it is a list of strings
 * @example
 * checkTexts("known", ["heads", "layers"]);
 */
export function checkTexts(argument: string, value: unknown): void {
  checkList(argument, value);
  checkText("argument", argument);
  for (const [index, one] of (value as unknown[]).entries())
    checkText(`${argument}[${index}]`, one);
}

/**
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless it is true or false
 * @example
 * checkBoolean("special", true); // true
 */
export function checkBoolean(argument: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw new InvalidArgumentError(argument, value, `must be true or false, not ${brief(value)}.`);
}

/**
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless it is a string
 * @example
 * checkText("name", "no MLP"); // "no MLP"
 */
export function checkText(argument: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw new InvalidArgumentError(argument, value, `must be a string, not ${brief(value)}.`);
}

/**
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless a file or folder can be called so
 * @example
 * checkPath("folder", "activations"); // "activations"
 */
export function checkPath(argument: string, value: unknown): string {
  const path = checkText(argument, value);
  if (path !== "" && !path.includes("\0")) return path;
  const rule = `must be a path, neither empty nor with a null byte, not ${brief(value)}.`;
  throw new InvalidArgumentError(argument, value, rule);
}

/**
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless it is a function, and no class
 * @example
 * checkFunction("metric", () => 1);
 */
export function checkFunction(argument: string, value: unknown): void {
  if (isCallable(value)) return;
  const given = typeof value === "function" ? "a class" : brief(value);
  throw new InvalidArgumentError(argument, value, `must be a function, not ${given}.`);
}

/**
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless it is a list, and one without gaps: who goes through it passes over them
 * @example
 * checkList("layers", [0, 1]);
 */
export function checkList(argument: string, value: unknown): void {
  if (!Array.isArray(value)) {
    throw new InvalidArgumentError(argument, value, `must be a list, not ${brief(value)}.`);
  }
  for (const index of value.keys()) {
    if (index in value) continue;
    const rule = `must be a list without gaps; place ${index} holds nothing.`;
    throw new InvalidArgumentError(argument, value, rule);
  }
}

/**
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless it is an object with names: no list, `Map` or other collection,
 * and no promise of one
 * @example
 * checkRecord("options", { topK: 5 });
 */
export function checkRecord(argument: string, value: unknown): void {
  if (isRecord(value)) return;
  throw new InvalidArgumentError(argument, value, `must be an object, not ${described(value)}.`);
}

/** Objects by their class, where an object is what is asked for. */
function described(value: unknown): string {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  const name: unknown = isObject ? value.constructor?.name : undefined;
  return typeof name === "string" ? `one of the class ${name}` : brief(value);
}

/**
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless it has methods of these names, as what is described has
 * @example
 * checkMethods("model", { run: () => 1 }, ["run"], "a model");
 */
export function checkMethods(
  argument: string,
  value: unknown,
  methods: readonly string[],
  what: string,
): void {
  const given = Object(value ?? {}) as Readonly<Record<string, unknown>>;
  checkTexts("methods", methods);
  if (methods.every((method) => isCallable(given[method]))) return;
  throw new InvalidArgumentError(argument, value, `must be ${what}, not ${brief(value)}.`);
}

/**
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless it can be gone through: a list, generator or stream, no text
 * @example
 * checkIterable("dataset", ["a", "b"]);
 */
export function checkIterable(argument: string, value: unknown): void {
  const given = typeof value === "object" && value !== null ? value : {};
  if ((Symbol.asyncIterator in given || Symbol.iterator in given) && !isStandIn(given)) return;
  const rule = `must be a list, generator or stream, not ${brief(value)}.`;
  throw new InvalidArgumentError(argument, value, rule);
}

/**
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless it is the signal of an `AbortController`
 * @example
 * checkSignal("signal", new AbortController().signal);
 */
export function checkSignal(argument: string, value: unknown): void {
  if (isSignal(value)) return;
  const rule = `must be an AbortSignal, not ${brief(value)}.`;
  throw new InvalidArgumentError(argument, value, rule);
}
