/** `pnpm train:tiny`: trains the model that ships with mlxterp and writes its folder. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Decoder, initializeWeights } from "@mlxterp/models";
import { Presets, SingleBar } from "cli-progress";
import { decoderConfig, maxPositions } from "./architecture.js";
import { draftFolder, publishDraft, writeCheckpoint, writeJson } from "./checkpoint.js";
import { defaultDataset } from "./dataset.js";
import { drawQuestions } from "./questions.js";
import { defaultTraining, train } from "./train.js";

const weightsFolder = fileURLToPath(
  new URL("../../../packages/models/weights/tiny", import.meta.url),
);

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    steps: { type: "string", default: String(defaultTraining.steps) },
    out: { type: "string", default: weightsFolder },
  },
});
const seed = Number(values.seed);
const steps = Number(values.steps);

/** Ends training between two steps; nothing but the draft has been written by then. */
const interrupted = new AbortController();
process.once("SIGINT", () => interrupted.abort(new Error("Interrupted; no file was changed.")));

async function trainWithProgress(decoder: Decoder): Promise<void> {
  const bar = new SingleBar(
    { format: "training {bar} {value}/{total}  loss {loss}  {eta_formatted} left", etaBuffer: 100 },
    Presets.shades_classic,
  );
  bar.start(steps, 0, { loss: "-" });
  let smooth: number | undefined;
  try {
    await train(decoder, {
      ...defaultTraining,
      seed,
      steps,
      dataset: { ...defaultDataset, length: maxPositions },
      signal: interrupted.signal,
      onStep: (step, loss) => {
        smooth = smooth === undefined ? loss : 0.98 * smooth + 0.02 * loss;
        bar.update(step, { loss: smooth.toFixed(3) });
      },
    });
  } finally {
    bar.stop();
  }
}

const draft = draftFolder(values.out);
try {
  const decoder = initializeWeights(new Decoder(decoderConfig), { seed, deviation: 0.04 });
  await trainWithProgress(decoder);
  await writeCheckpoint(decoder, draft);
  writeJson(join(draft, "abilities.json"), drawQuestions(seed));
  publishDraft(draft, values.out);
} finally {
  rmSync(draft, { recursive: true, force: true });
}
