/** Ways into the methods of all packages, with right arguments. */
import { methods as analysisMethods } from "@mlxterp/analysis";
import { dictionaryMethods } from "@mlxterp/dictionaries";
import { fieldsOf, type Method } from "@mlxterp/results";
import type { Bench } from "./bench.js";
import type { Calls } from "./doors.js";

const clean = "Mary and John went to the park . John gave a ball to";
const corrupted = "Mary and John went to the park . Mary gave a ball to";
const question = { answer: "Mary", wrongAnswer: "John" };

/** Long enough for a step of anything; what takes longer is told to stop, and stops. */
const patience = 1000;

/** Methods, by package. */
export function libraryDoors(bench: Bench): Readonly<Record<string, Calls>> {
  return {
    analysis: doorsOfMethods(bench, analysisMethods),
    dictionaries: doorsOfMethods(bench, dictionaryMethods),
  };
}

function doorsOfMethods({ model }: Bench, methods: readonly unknown[]): Calls {
  const inputs = { prompts: clean, pairs: { clean, corrupted }, none: undefined };
  const known: Readonly<Record<string, unknown>> = { ...question, heads: [[2, 1]], target: clean, subject: "park" }; // biome-ignore format: one table
  return Object.fromEntries(
    (methods as readonly Method[]).map((method) => {
      const fields = fieldsOf(method.options).filter(
        ({ name, required }) => required || name in known,
      );
      const options = Object.fromEntries(fields.map(({ name }) => [name, known[name]]));
      const run = (subject: never, input: never, given: object) =>
        method.run(subject, input, stopping(given) as never);
      return [method.name, [run, model, inputs[method.input], options] as const];
    }),
  );
}

/** The same options, with an end. */
function stopping(options: object): object {
  const plain = typeof options === "object" && options !== null && !Array.isArray(options);
  return plain && !("signal" in options)
    ? { ...options, signal: AbortSignal.timeout(patience) }
    : options;
}
