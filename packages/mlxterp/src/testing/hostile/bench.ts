/** What hostile calls are made on: one small model with its tokenizer, and one of each thing it gives. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { methods } from "@mlxterp/analysis";
import { type ActivationStore, collectToDisk } from "@mlxterp/data";
import { type LanguageModel, loadModel } from "@mlxterp/models";
import type { Method, Result } from "@mlxterp/results";
import { fewRuns, resultOf } from "../../../../analysis/src/testing/each-method.js";
import { answerOf } from "./unchanged.js";

export type Bench = Awaited<ReturnType<typeof setUp>>;

/** Everything is written below a folder of its own, which is also where relative paths lead. */
export async function setUp() {
  const folder = mkdtempSync(join(tmpdir(), "mlxterp-hostile-"));
  process.chdir(folder);
  const model = await loadModel("tiny");
  const { tokenizer } = model;
  if (!tokenizer) throw new Error("the model has no tokenizer");
  const prompt = "Mary and John";
  const cache = await model.run(prompt, {
    save: ["layers.*", "output", "layers.0.selfAttn.pattern"],
  });
  const prefix = await model.readPrefix("Mary and");
  const store: ActivationStore = await collectToDisk(model, [prompt, "The end"], {
    folder: join(folder, "store"),
    save: "layers.0",
  });
  const ended = await endedOf(model);
  const results = resultsBy(model);
  const answer = await answerOf(model);
  return {
    ...{ folder, model, tokenizer, prompt, cache, prefix, store, ended, answer },
    resultOf: results,
  };
}

/** Fewer runs still, of those that take longest. */
const few: Readonly<Record<string, object>> = {
  ...{ causal: { samples: 1, layers: [0] }, circuit: { random: 1, fractions: [0.1, 1] } },
  ...{ patchscope: { layers: [1], nulls: 1 } },
};

/** What a method answers, by its name; each is asked once, when somebody wants to know. */
function resultsBy(model: LanguageModel): (name: string) => Promise<Result> {
  const known = new Map<string, Promise<Result>>();
  return (name) => {
    const method = methods.find((one) => one.name === name) as Method;
    const found = known.get(name) ?? resultOf(model, method, { ...fewRuns(method), ...few[name] });
    known.set(name, found);
    return found;
  };
}

/** Things that were disposed of, and things that belong to another model. */
async function endedOf(model: LanguageModel): Promise<unknown[]> {
  const trace = model.trace([[1, 2]]);
  const batch = model.trace();
  const cache = await model.run([[1, 2]]);
  const prefix = await model.readPrefix([[1, 2]]);
  const ended = [trace, batch, cache, prefix];
  for (const one of ended) one.dispose();
  const other = model.edit({ "layers.0": (x) => x });
  return [
    ...ended,
    model,
    other,
    other.createCache(),
    model.tokenizer,
    await other.readPrefix([[1]]),
  ];
}
