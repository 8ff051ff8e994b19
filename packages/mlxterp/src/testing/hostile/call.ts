/** One hostile call: made, its result used, its ending told. */
import { evaluate, isArray, MlxterpError, type MxArray } from "@mlxterp/mlx";
import type { Bench } from "./bench.js";
import type { Door } from "./doors.js";
import { made } from "./later.js";
import { freely } from "./pool.js";
import { seeded } from "./random.js";
import { CallersError, spoiled } from "./values.js";

/** How a call ended; `untyped` is a fault of ours. */
export interface Ending {
  readonly kind: "result" | "typed" | "callers" | "system" | "untyped";
  readonly detail: string;
}

/** The door of a seed. */
export function doorFor(doors: readonly Door[], seed: number): Door {
  return seeded(seed).pick(doors);
}

/** Calls the door of a seed with the arguments of that seed. */
export async function callWith(
  bench: Bench,
  doors: readonly Door[],
  seed: number,
): Promise<Ending> {
  const random = seeded(seed);
  const door = random.pick(doors);
  const args = door.args
    ? spoiled(await made(door.args), random, bench.ended)
    : freely(bench, random, door.places ?? 1);
  try {
    const result: unknown = await door.call(...(args as never[]));
    await use(result, bench);
    return { kind: "result", detail: typeof result };
  } catch (error) {
    return endingOf(error);
  }
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
  const arrays = Object.values(result).filter((value): value is MxArray => isArray(value));
  if (arrays.length > 0) await evaluate(arrays);
  if (Symbol.dispose in result) (result as Disposable)[Symbol.dispose]();
}

async function begin(stream: AsyncIterable<unknown>): Promise<void> {
  let count = 0;
  for await (const _ of stream) if (++count >= 3) break;
}

function endingOf(error: unknown): Ending {
  if (MlxterpError.isInstance(error))
    return { kind: "typed", detail: (error as MlxterpError).code };
  const { syscall, code, stack, name } = error as NodeJS.ErrnoException;
  if (name === "TimeoutError") return { kind: "callers", detail: "" }; // of the signal that every method is given
  for (let cause: unknown = error; cause !== undefined; cause = (cause as Error).cause) {
    if (cause instanceof CallersError) return { kind: "callers", detail: "" };
    if (typeof cause !== "object" || cause === null) break;
  }
  if (syscall !== undefined) return { kind: "system", detail: `${syscall} ${code}` };
  return { kind: "untyped", detail: String(stack).split("\n").slice(0, 5).join(" | ") };
}
