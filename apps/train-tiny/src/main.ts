/** `pnpm train:tiny`: trains the model that ships with mlxterp, measures it and writes its folder. */
import { rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Decoder, initializeWeights, listParameters, loadModel } from "@mlxterp/models";
import { Presets, SingleBar } from "cli-progress";
import { decoderConfig, initialDeviation } from "./architecture.js";
import { draftFolder, publishDraft, writeCheckpoint, writeJson } from "./checkpoint.js";
import { defaultDataset } from "./dataset.js";
import { evaluateAbilities } from "./evaluate-abilities.js";
import { findMechanisms } from "./mechanisms.js";
import { modelCard } from "./model-card.js";
import { drawQuestions } from "./questions.js";
import { defaultTraining, train } from "./train.js";

const weightsFolder = fileURLToPath(
  new URL("../../../packages/models/weights/tiny", import.meta.url),
);

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(defaultTraining.seed) },
    steps: { type: "string", default: String(defaultTraining.steps) },
    out: { type: "string", default: weightsFolder },
  },
});
const training = { ...defaultTraining, seed: Number(values.seed), steps: Number(values.steps) };
const target = resolve(values.out);

/** Ends training between two steps; only the draft has been written by then, and it is removed. */
const interrupted = new AbortController();
process.once("SIGINT", () => interrupted.abort());

/** @returns the minutes it took */
async function trainWithProgress(decoder: Decoder): Promise<number> {
  const format = "training {bar} {value}/{total}  loss {loss}  {eta_formatted} left";
  const elsewhere = { noTTYOutput: true, notTTYSchedule: 30_000 }; // a line now and then into a log
  const bar = new SingleBar({ format, etaBuffer: 100, ...elsewhere }, Presets.shades_classic);
  bar.start(training.steps, 0, { loss: "–" });
  const began = performance.now();
  let smooth: number | undefined;
  const onStep = (step: number, loss: number) => {
    smooth = smooth === undefined ? loss : 0.98 * smooth + 0.02 * loss;
    bar.update(step, { loss: smooth.toFixed(3) });
  };
  try {
    const { signal } = interrupted;
    await train(decoder, { ...training, dataset: defaultDataset, signal, onStep });
  } finally {
    bar.stop();
  }
  return (performance.now() - began) / 60_000;
}

/** Measures the weights as a user would load them, and writes the card. */
async function describe(folder: string, minutes: number): Promise<string> {
  const model = await loadModel(folder);
  const questions = drawQuestions(training.seed);
  const abilities = await evaluateAbilities(model, questions);
  const mechanisms = await findMechanisms(model, questions);
  const parameters = [...listParameters(model.module).values()];
  const count = parameters.reduce((sum, { size }) => sum + size, 0);
  const card = modelCard({ training, parameters: count, minutes, abilities, mechanisms });
  writeJson(join(folder, "abilities.json"), questions);
  writeFileSync(join(folder, "README.md"), card);
  return card;
}

const draft = draftFolder(target);
try {
  const start = { seed: training.seed, deviation: initialDeviation };
  const decoder = initializeWeights(new Decoder(decoderConfig), start);
  const minutes = await trainWithProgress(decoder);
  await writeCheckpoint(decoder, draft);
  const card = await describe(draft, minutes);
  publishDraft(draft, target);
  process.stdout.write(`\n${card}\nWritten to ${target}\n`);
} catch (error) {
  if (!interrupted.signal.aborted) throw error;
  process.stderr.write("\nInterrupted: no file was changed.\n");
  process.exitCode = 130;
} finally {
  rmSync(draft, { recursive: true, force: true });
}
