/** Ways into the methods of all packages, with right arguments. */
import * as analysis from "@mlxterp/analysis";
import { dictionaryMethods } from "@mlxterp/dictionaries";
import { fieldsOf, type Method } from "@mlxterp/results";
import { fewRuns } from "../../../../analysis/src/testing/each-method.js";
import type { Bench } from "./bench.js";
import type { Calls } from "./doors.js";
import { ended } from "./stopping.js";

const { methods: analysisMethods } = analysis;
const clean = "Mary and John went to the park . John gave a ball to";
const corrupted = "Mary and John went to the park . Mary gave a ball to";
const question = { answer: "Mary", wrongAnswer: "John" };

/** Methods, by package. */
export function libraryDoors(bench: Bench): Readonly<Record<string, Calls>> {
  return {
    analysis: doorsOfMethods(bench, analysisMethods),
    dictionaries: doorsOfMethods(bench, dictionaryMethods),
  };
}

function doorsOfMethods(bench: Bench, methods: readonly unknown[]): Calls {
  return Object.fromEntries(
    (methods as readonly Method[]).map((method) => [
      method.name,
      callOf(bench, method, method.run as (...args: never[]) => unknown),
    ]),
  );
}

/** Functions that are methods under a name of their own. */
const functions: Readonly<Record<string, string>> = {
  ...{ ablateHeads: "ablate", acdc: "acdc", activationPatching: "patch", das: "das" },
  ...{ attentionPatterns: "attention", attributionPatching: "atp", causalTracing: "causal" },
  ...{ copyingLoss: "copying", directLogitAttribution: "attribute", edgeAttribution: "edges" },
  ...{ erasure: "erase", findCircuit: "circuit", headTypes: "heads", headWeights: "weights" },
  ...{ layerSimilarity: "similarity", logitLens: "lens", modelDiff: "diff", probe: "probe" },
  ...{ patchscope: "patchscope", pathPatching: "path", scan: "scan", steer: "steer" },
  ...{ siteStatistics: "statistics", taskAccuracy: "task", tokenAttribution: "tokens" },
  ...{ tunedLens: "tuned-lens", turnByTurn: "turns" },
};

/** Each of them, asked as its method is. */
export function methodFunctions(bench: Bench): Calls {
  const all: Readonly<Record<string, unknown>> = { ...analysis };
  return Object.fromEntries(
    Object.entries(functions).map(([name, method]) => {
      const found = analysisMethods.find((one) => one.name === method) as unknown as Method;
      return [name, callOf(bench, found, all[name] as (...args: never[]) => unknown)];
    }),
  );
}

function callOf({ model }: Bench, method: Method, call: (...args: never[]) => unknown) {
  const inputs = { prompts: clean, pairs: { clean, corrupted }, none: undefined };
  const known: Readonly<Record<string, unknown>> = { ...question, heads: [[2, 1]], target: clean, subject: "park" }; // biome-ignore format: one table
  const fields = fieldsOf(method.options).filter(({ name, required }) => required || name in known);
  const asked = Object.fromEntries(fields.map(({ name }) => [name, known[name]]));
  const options = { ...asked, ...fewRuns(method) };
  return [ended(call), model, inputs[method.input], options] as const;
}
