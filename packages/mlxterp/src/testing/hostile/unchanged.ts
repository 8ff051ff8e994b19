/** Whether a call left what it was given as it was: what is frozen, or answers otherwise, is silently wrong later. */
import { toFlat } from "@mlxterp/mlx";
import type { LanguageModel } from "@mlxterp/models";

/** What the model that all calls share answers, to the last bit. */
export async function answerOf(model: LanguageModel): Promise<string> {
  using cache = await model.run([[1, 2, 3]], { save: "output" });
  return toFlat(cache.get("output")).join();
}

/** @returns what is wrong with it, if anything */
export async function changeOf(model: LanguageModel, before: string): Promise<string | undefined> {
  if (Object.isFrozen(model) || Object.isFrozen(model.module)) return "the model is frozen";
  return (await answerOf(model)) === before ? undefined : "the model answers otherwise";
}

/** The objects among arguments that can be written to, so that one can ask later whether they still can. */
export function writableIn(args: readonly unknown[], depth = 3): object[] {
  return args.flatMap((arg) => {
    if (typeof arg !== "object" || arg === null || isFrozen(arg)) return [];
    return [arg, ...(depth > 0 ? writableIn(valuesIn(arg), depth - 1) : [])];
  });
}

/** Of a stand-in that throws when it is asked: yes, so that nobody asks it anything more. */
export function isFrozen(value: object): boolean {
  try {
    return Object.isFrozen(value) && Object.keys(value).length > 0; // what has nothing is always so
  } catch {
    return true;
  }
}

/** Of what is short; what a getter gives is not looked at, since it may throw. */
function valuesIn(value: object): unknown[] {
  try {
    const fields = Object.values(Object.getOwnPropertyDescriptors(value));
    return fields.length > 100 ? [] : fields.map((field) => field.value as unknown);
  } catch {
    return [];
  }
}
