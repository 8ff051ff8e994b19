/** `pnpm --filter @mlxterp/train-dictionaries start`: a dictionary and transcoders of all layers for one model, and what they are worth. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { saveDictionary, saveTranscoders, TranscoderSet } from "@mlxterp/dictionaries";
import { type LanguageModel, loadModel } from "@mlxterp/models";
import { heldOutQuality, type Qualities } from "./held-out-quality.js";
import { kept } from "./kept.js";
import { readSettings } from "./settings.js";
import { heldOutTexts, sitesOf, trainingRows } from "./training-data.js";
import { trainLayers, trainResidual } from "./trainings.js";
import { wholeSetQuality } from "./whole-set.js";

const settings = readSettings();
const { name, out } = settings;
const work = join(out, "work");
const began = performance.now();
const say = (text: string) =>
  console.log(`${((performance.now() - began) / 1000).toFixed(0).padStart(5)} s  ${text}`);
const report = (what: string, qualities: Qualities) => {
  for (const [measure, { text }] of Object.entries(qualities)) {
    say(`held out, ${what}: ${measure} ${text}`);
  }
};

const model = (await loadModel(settings.model)) as LanguageModel;
const sites = sitesOf(model, settings);
mkdirSync(work, { recursive: true });
const store = await trainingRows(model, sites, settings, work);
say(`${settings.sequences} texts written; ${store.rows} rows of ${store.sites.length} sites`);
const texts = await heldOutTexts(model, settings, work);

const dictionaries = await trainResidual(store, sites, settings, { work, say });
await saveDictionary(dictionaries[0], join(out, `${name}-dictionary`));
const dictionary = await kept(join(work, "dictionary.json"), settings, () =>
  heldOutQuality(model, dictionaries, texts),
);
report("dictionary", dictionary);

const layers = await trainLayers(store, sites, settings, { work, say });
const hooks = { input: "mlp.hook_in", output: "hook_mlp_out", model: name, name: `${name}-topk` };
const first = new TranscoderSet(
  layers.map(([one]) => one),
  hooks,
);
await saveTranscoders(first, join(out, `${name}-transcoders`));
const transcoders: Qualities[] = [];
for (const [layer, seeds] of layers.entries()) {
  const file = join(work, `transcoder-${layer}.json`);
  // what the model still says is told of all layers together
  const quality = () => heldOutQuality(model, seeds, texts, { behaviour: false });
  transcoders.push(await kept(file, settings, quality));
  report(`transcoder of layer ${layer}`, transcoders[layer]);
}
const together = await wholeSetQuality(model, layers, sites, texts);
report("transcoders of all layers at once", together);

const minutes = (performance.now() - began) / 60_000;
const facts = { settings, dictionary, transcoders, together, minutes };
writeFileSync(join(out, `${name}.json`), `${JSON.stringify(facts, null, 2)}\n`);
await store[Symbol.asyncDispose]();
rmSync(work, { recursive: true, force: true });
say(`done: ${out}`);
