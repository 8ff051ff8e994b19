/** The trainings: a dictionary of the residual stream, and transcoders of all layers, each with several seeds. */
import { join } from "node:path";
import type { ActivationStore } from "@mlxterp/data";
import {
  type Dictionary,
  storeSource,
  type Trained,
  type TrainingConfig,
  trainDictionaries,
} from "@mlxterp/dictionaries";
import type { Settings } from "./settings.js";
import type { Sites } from "./training-data.js";

export type Say = (text: string) => void;

/** What both have in common: the k largest are on, and dead features learn from what is left over. */
function configsOf(settings: Settings, own: Partial<TrainingConfig>): TrainingConfig[] {
  const { k, batch, seed, seeds, features } = settings;
  const steps = own.steps ?? settings.steps;
  const decay = Math.floor(steps / 5);
  return Array.from({ length: seeds }, (_, at) => ({
    ...({ architecture: "topK", features, auxiliary: 1 / 32, deadAfter: 200 } as const),
    ...{ k, batchSize: batch, learningRate: 1e-3, warmup: 50, decay, steps },
    ...{ ...own, seed: seed + at },
  }));
}

/** One dictionary for each seed, from one stream. */
export async function trainResidual(
  store: ActivationStore,
  { residual }: Sites,
  settings: Settings,
  { work, say }: { readonly work: string; readonly say: Say },
): Promise<Dictionary[]> {
  const place = { model: settings.name, site: `blocks.${settings.layer}.hook_resid_post` };
  const source = storeSource(store, { site: residual, seed: settings.seed });
  const folder = join(work, "dictionary");
  const trained = await trainDictionaries(source, configsOf(settings, {}), { folder, place });
  tell("dictionary", trained, say);
  return trained.map(({ dictionary }) => dictionary);
}

/** For each layer one transcoder of each seed. */
export async function trainLayers(
  store: ActivationStore,
  { inputs, outputs }: Sites,
  settings: Settings,
  { work, say }: { readonly work: string; readonly say: Say },
): Promise<Dictionary[][]> {
  const layers: Dictionary[][] = [];
  for (const [layer, site] of inputs.entries()) {
    const outputSite = outputs[layer];
    const trained = await trainDictionaries(
      storeSource(store, { site, outputSite, seed: settings.seed }),
      configsOf(settings, {
        ...{ kind: "transcoder", features: settings.transcoderFeatures },
        ...{ normalize: "none", scaleByDecoderNorm: false, steps: settings.transcoderSteps },
      }),
      {
        folder: join(work, `transcoder-${layer}`),
        place: { model: settings.name, site, outputSite },
      },
    );
    tell(`transcoder of layer ${layer}`, trained, say);
    layers.push(trained.map(({ dictionary }) => dictionary));
  }
  return layers;
}

/** What the last batches of training say; what counts is measured on texts that were held out. */
function tell(what: string, trained: readonly Trained[], say: Say): void {
  for (const { config, metrics } of trained) {
    const { explained, count, dead } = metrics.at(-1)!;
    const shares = [explained, dead].map((share) => `${(100 * share).toFixed(1)} %`);
    say(
      `${what}, seed ${config.seed}: ${shares[0]} explained, ${count.toFixed(1)} on, ${shares[1]} dead`,
    );
  }
}
