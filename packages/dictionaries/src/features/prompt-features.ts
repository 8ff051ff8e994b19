/**
 * Features of a prompt: what a sparse dictionary finds in it, token by token.
 *
 * A dictionary writes the activation at each token as a sum of a few directions. Which those are, and what each would say directly, is a
 * first guess at what the model has noticed there.
 *
 * Caveats. A feature is a direction that helped to rebuild activations, not a concept the model is known to use: look at where it is on
 * elsewhere (`topExamples`), and change it (`spliceDictionary`). What is not explained is not shown; `quality` says how much that is. The first
 * token is often an outlier that no dictionary was trained on, and so does not count by default.
 *
 * Source: Bricken et al. 2023, "Towards Monosemanticity"; Cunningham et al. 2023, arXiv 2309.08600.
 */
import { type Prompt, provenanceOf } from "@mlxterp/core";
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import {
  createGrid,
  createTable,
  formatPercent,
  type Note,
  parseOptions,
  visibleToken,
} from "@mlxterp/results";
import type { Dictionary } from "../dictionary/dictionary.js";
import { loadDictionary } from "../loading/load.js";
import { askedOf } from "../shared/asked.js";
import { type DictionaryModel, promptFed, promptsAsIds, tokenLabels } from "../shared/model.js";
import { checkShipped } from "../shipped/shipped.js";
import { type LogitEffect, logitEffects } from "../use/logit-effects.js";
import { readSite } from "../use/sites.js";
import { featureNumber } from "../use/splice-dictionary.js";
import { type AskedFeatures, type FeaturesOptions, featuresOptions } from "./options.js";
import type { FeatureQuality, FeatureRow, FeaturesResult } from "./result.js";

/**
 * The features of each prompt.
 *
 * @returns one result for each prompt
 * @throws as `loadDictionary`; UnknownSiteError (`UNKNOWN_SITE`), DictionaryShapeError (`DICTIONARY_SHAPE`),
 * InvalidArgumentError (`INVALID_ARGUMENT`); the signal's reason
 * @example
 * const [{ tables }] = await promptFeatures(model, prompt, { top: 3 });
 * tables.features.rows.length; // 3
 */
export async function promptFeatures(
  model: DictionaryModel,
  input: Prompt,
  options?: FeaturesOptions,
): Promise<FeaturesResult[]> {
  const asked = parseOptions("promptFeatures", featuresOptions, options);
  checkShipped(model, "dictionary", asked.dictionary);
  const dictionary = loadDictionary(asked.dictionary);
  const site = readSite(model, dictionary.config, asked.site);
  const prompts = promptsAsIds(model, input);
  const results: FeaturesResult[] = [];
  for (const ids of prompts) {
    asked.signal?.throwIfAborted();
    results.push(await oneResult(model, dictionary, site, ids, asked));
    asked.onProgress?.({ done: results.length, total: prompts.length, stage: "features" });
  }
  return results;
}

async function oneResult(
  model: DictionaryModel,
  dictionary: Dictionary,
  site: string,
  ids: readonly number[],
  asked: AskedFeatures,
): Promise<FeaturesResult> {
  using cache = await model.run([[...ids]], { save: site });
  const x = cache.get(site).astype(mx.float32); // (1, position, …)
  const encoded = dictionary.encode(x); // (1, position, features)
  const values = toFlat(encoded);
  const { features } = dictionary.config;
  const named = asked.features && [
    ...new Set(asked.features.map((one) => featureNumber(one, features))),
  ];
  const shown = named ?? strongest(values, features, asked);
  const tokens = tokenLabels(model, ids);
  const column = (feature: number) =>
    tokens.map((_, position) => values[position * features + feature]);
  const columns = shown.map(column);
  const directly = effectsIn(model, dictionary, shown, asked.tokensEach);
  const rows = shown.map((feature, at): FeatureRow => {
    const most = columns[at].indexOf(Math.max(...columns[at]));
    const isOn = columns[at][most] > 0;
    return {
      ...{ feature, position: isOn ? most : null, token: isOn ? tokens[most].text : null },
      activation: columns[at][most],
      count: columns[at].filter((value) => value > 0).length,
      promotes: directly.get(feature)?.promotes ?? "",
      suppresses: directly.get(feature)?.suppresses ?? "",
    };
  });
  const labels = { feature: shown, token: tokens };
  const explained =
    dictionary.config.kind === "autoencoder" ? explainedShare(dictionary, x, asked) : null;
  const quality = {
    ...{ site, features, explained },
    count: values.filter((value) => value > 0).length / ids.length,
  };
  return {
    method: "features",
    asked: askedOf(asked),
    fed: [promptFed(model, ids)],
    grids: { activation: createGrid({ labels, values: columns.flat(), unit: "metric" }) },
    tables: {
      features: createTable(
        ["feature", "position", "token", "activation", "count", "promotes", "suppresses"],
        rows,
      ),
      quality: createTable(["site", "features", "count", "explained"], [quality]),
    },
    notes: notesOf(quality),
    provenance: provenanceOf(model),
  };
}

/** By what they are at most, at any token that counts. */
function strongest(
  values: ArrayLike<number>,
  features: number,
  { top, firstToken }: AskedFeatures,
): number[] {
  const most = new Float64Array(features);
  const skipped = firstToken || values.length === features ? 0 : features;
  for (let at = skipped; at < values.length; at++) {
    most[at % features] = Math.max(most[at % features], values[at]);
  }
  const order = Array.from(most.keys()).sort((a, b) => most[b] - most[a] || a - b);
  return order.filter((feature, rank) => most[feature] > 0 || rank === 0).slice(0, top);
}

/** Only of dictionaries that write into the residual stream. */
function effectsIn(
  model: DictionaryModel,
  dictionary: Dictionary,
  shown: readonly number[],
  tokens: number,
) {
  const fits =
    dictionary.config.outputWidth === model.anatomy.hidden && !dictionary.config.joinHeads;
  const texts = (effects: readonly LogitEffect[]) =>
    effects.map(({ text }) => visibleToken(text)).join(" ");
  const found = fits ? logitEffects(model, dictionary, shown, tokens) : [];
  return new Map(
    found.map(({ feature, promotes, suppresses }) => [
      feature,
      { promotes: texts(promotes), suppresses: texts(suppresses) },
    ]),
  );
}

/** @param x (1, position, …); null where nothing varies, as over one token */
function explainedShare(
  dictionary: Dictionary,
  x: MxArray,
  { firstToken }: AskedFeatures,
): number | null {
  const start = firstToken ? 0 : 1;
  if (x.shape[1] - start < 2) return null;
  const [counted, y] = [x, dictionary.forward(x)].map((all) => all.index(0, mx.Slice(start)));
  const left = mx.sum(mx.square(mx.subtract(counted, y)));
  const spread = mx.sum(mx.square(mx.subtract(counted, mx.mean(counted, 0, true))));
  if (Number(spread.item()) === 0) return null;
  return Number(mx.subtract(1, mx.divide(left, spread)).item());
}

/** Below this, what is shown is the smaller part. */
const poor = 0.5;

function notesOf({ explained }: FeatureQuality): Note[] {
  const notes: Note[] = [];
  if (explained !== null && explained < poor) {
    notes.push({
      code: "POOR_RECONSTRUCTION",
      text: `The dictionary explains only ${formatPercent(explained)} of the variance over this prompt's tokens.`,
    });
  }
  return notes;
}
