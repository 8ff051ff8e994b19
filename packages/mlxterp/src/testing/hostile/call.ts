/** One hostile call: made, its result used, its ending told. */
import { evaluate, isArray, MlxterpError, type MxArray } from "@mlxterp/mlx";
import type { Bench } from "./bench.js";
import type { Door } from "./doors.js";
import { made } from "./later.js";
import { memberNames } from "./members.js";
import { spoiled } from "./near.js";
import { freely } from "./pool.js";
import { type Random, seeded } from "./random.js";
import { changeOf, isFrozen, writableIn } from "./unchanged.js";
import { CallersError } from "./values.js";

/** How a call ended; `untyped` is a fault of ours. */
export interface Ending {
  readonly kind: "result" | "typed" | "callers" | "system" | "untyped";
  readonly detail: string;
}

/** The door of a seed. */
export function doorFor(doors: readonly Door[], seed: number): Door {
  return seeded(seed).pick(doors);
}

/** Calls the door of a seed with the arguments of that seed; or rightly, and then a method of what it gives. */
export async function callWith(
  bench: Bench,
  doors: readonly Door[],
  seed: number,
): Promise<Ending> {
  const random = seeded(seed);
  const door = random.pick(doors);
  const goesOn = random.below(5) === 0 && door.args !== undefined;
  try {
    const right = door.args && (await made(door.args));
    const given = right && !goesOn ? spoiled(right, random, bench.ended) : right;
    const args = given ?? freely(bench, random, door.places ?? 1);
    const writable = writableIn(args);
    const ending = await answered(bench, door, args, goesOn && random);
    const changed = writable.some(isFrozen)
      ? "an argument is frozen"
      : await changeOf(bench.model, bench.answer);
    return changed === undefined ? ending : { kind: "untyped", detail: changed };
  } catch (error) {
    return endingOf(error);
  }
}

/** @param goesOn whether a method of what it gives is called, and of which kind */
async function answered(
  bench: Bench,
  door: Door,
  args: readonly unknown[],
  goesOn: Random | false,
): Promise<Ending> {
  try {
    const result: unknown = await door.call(...(args as never[]));
    if (goesOn) return await goOn(result, bench, goesOn);
    if (args.includes(result)) return { kind: "result", detail: "what it was given" };
    await use(result, bench);
    return { kind: "result", detail: typeof result };
  } catch (error) {
    return endingOf(error);
  }
}

/** What a door gave is called itself, or one of its methods. */
async function goOn(result: unknown, bench: Bench, random: Random): Promise<Ending> {
  const isObject = typeof result === "object" && result !== null && !isArray(result);
  const names = isObject ? memberNames(result) : [];
  const name = names.length > 0 ? random.pick(names) : undefined;
  const inner = name === undefined ? result : (result as Record<string, unknown>)[name];
  if (typeof inner !== "function") return { kind: "result", detail: typeof result };
  const args = freely(bench, random, inner.length);
  const isClass = /^class\b/.test(Function.prototype.toString.call(inner));
  const found: unknown = isClass ? undefined : await inner.apply(result, args);
  await use(found, bench);
  return { kind: "result", detail: `${name}: ${typeof found}` };
}

/** Takes what a user would take: the arrays of a result, the beginning of a stream, the effect of an intervention. */
async function use(result: unknown, { model }: Bench): Promise<void> {
  if (isArray(result)) return evaluate([result]);
  if (typeof result === "function") {
    await model.run([[1, 2, 3]], {
      save: "output",
      interventions: { "layers.0": result as never },
    });
    return;
  }
  if (typeof result !== "object" || result === null) return;
  if (Symbol.asyncIterator in result) await begin(result as AsyncIterable<unknown>);
  const arrays = valuesOf(result).filter((value): value is MxArray => isArray(value));
  if (arrays.length > 0) await evaluate(arrays);
  if (Symbol.dispose in result) (result as Disposable)[Symbol.dispose]();
}

/** Fields, and what getters of its class give. */
function valuesOf(result: object): unknown[] {
  const found = Object.values(result);
  const prototype = Object.getPrototypeOf(result) as object | null;
  if (prototype === null || prototype === Object.prototype || Array.isArray(result)) return found;
  for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (get && !name.startsWith("_")) found.push((result as Record<string, unknown>)[name]);
  }
  return found;
}

async function begin(stream: AsyncIterable<unknown>): Promise<void> {
  let count = 0;
  for await (const _ of stream) if (++count >= 3) break;
}

function endingOf(error: unknown): Ending {
  if (MlxterpError.isInstance(error))
    return { kind: "typed", detail: (error as MlxterpError).code };
  const { syscall, code, stack, name } = error as NodeJS.ErrnoException;
  if (/^(Timeout|Abort)Error$/.test(name)) return { kind: "callers", detail: "" }; // of the signal that a method is given
  for (let cause: unknown = error; cause !== undefined; cause = (cause as Error).cause) {
    if (cause instanceof CallersError) return { kind: "callers", detail: "" };
    if (typeof cause !== "object" || cause === null) break;
  }
  if (syscall !== undefined) return { kind: "system", detail: `${syscall} ${code}` };
  return { kind: "untyped", detail: String(stack).split("\n").slice(0, 5).join(" | ") };
}
