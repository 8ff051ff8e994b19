/** A dictionary in its model: features that can be read, patched, ablated and steered, in generation too. */
import { type Intervention, splice } from "@mlxterp/core";
import {
  brief,
  checkArray,
  checkBoolean,
  checkOptions,
  checkRecord,
  checkText,
  InvalidArgumentError,
  type MxArray,
  mx,
} from "@mlxterp/mlx";
import { checkDictionary } from "../dictionary/check-dictionary.js";
import type { Dictionary } from "../dictionary/dictionary.js";
import type { DictionaryModel } from "../shared/model.js";
import { spliceSite } from "./sites.js";

export interface SpliceDictionaryOptions {
  /** Where, if not where its files say. */
  readonly site?: string;
  /** Whether what it gets wrong is added back; default true: nothing changes until a feature is. */
  readonly error?: boolean;
  /** Whether gradients go through features alone; default false. */
  readonly stopGradient?: boolean;
}

/**
 * A view of a model with a dictionary spliced in. Its features are the site `featureSite(…)` tells, `layers.2.inserted.features` for
 * example, and what it gets wrong is `layers.2.error`.
 *
 * @returns a new view; the model stays as it is
 * @throws UnknownSiteError (`UNKNOWN_SITE`), InvalidArgumentError (`INVALID_ARGUMENT`) where no site is known
 * @example
 * const dictionary = loadDictionary("tiny");
 * const view = spliceDictionary(model, dictionary);
 * const site = featureSite(model, dictionary);
 * const cache = await view.run(prompt, { save: site });
 * cache.get(site).shape.at(-1); // 256
 */
export function spliceDictionary<M extends DictionaryModel>(
  model: M,
  dictionary: Dictionary,
  options: SpliceDictionaryOptions = {},
): M {
  checkOptions<SpliceDictionaryOptions>("spliceDictionary", options, {
    site: checkText,
    error: checkBoolean,
    stopGradient: checkBoolean,
  });
  checkDictionary("dictionary", dictionary);
  const { site, from } = spliceSite(model, dictionary.config, options.site);
  const { error = true, stopGradient = false } = options;
  const view = model.edit({ [site]: splice(dictionary, { from, error, stopGradient }) }) as M;
  if (dictionary.config.activation.kind !== "temporal") return view;
  return view.edit({ [`${site}.inserted.features`]: onlyWholeTexts }) as M;
}

/** A temporal dictionary would take each generated token for a text of its own. */
const onlyWholeTexts: Intervention = (features, { site, step }) => {
  if (step === undefined) return features;
  const rule = "a temporal dictionary reads whole texts, so that nothing can be generated with it.";
  throw new InvalidArgumentError("model", site, rule);
};

/**
 * The site of a dictionary's features, once it is spliced in.
 *
 * @param site where it is spliced in, if not where its files say
 * @throws as `spliceDictionary`
 * @example
 * featureSite(model, loadDictionary("tiny")); // "layers.2.inserted.features"
 */
export function featureSite(model: DictionaryModel, dictionary: Dictionary, site?: string): string {
  checkDictionary("dictionary", dictionary);
  return `${spliceSite(model, dictionary.config, site).site}.inserted.features`;
}

/** What is done to features, by their number. */
export interface FeatureChanges {
  /** What they shall be. */
  readonly set?: Readonly<Record<number, number>>;
  /** What is added to them. */
  readonly add?: Readonly<Record<number, number>>;
  /** What they are multiplied by: 0 ablates. */
  readonly scale?: Readonly<Record<number, number>>;
}

/**
 * An intervention on the site of features. Of several changes to one feature it is scaled, then added to, then set.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is no feature or no finite number
 * @example
 * const dictionary = loadDictionary("tiny");
 * const steered = spliceDictionary(model, dictionary).edit({
 *   [featureSite(model, dictionary)]: changeFeatures(dictionary, { set: { 7: 20 } }),
 * });
 * steered.edits.length; // 2
 */
export function changeFeatures(dictionary: Dictionary, changes: FeatureChanges): Intervention {
  checkOptions<FeatureChanges>("changeFeatures", changes, {
    ...{ set: checkRecord, add: checkRecord, scale: checkRecord },
  });
  checkDictionary("dictionary", dictionary);
  const { features } = dictionary.config;
  const { set = {}, add = {}, scale = {} } = changes;
  const row = (values: Readonly<Record<number, number>>, otherwise: number) => {
    const numbers = new Array<number>(features).fill(otherwise);
    for (const [name, value] of Object.entries(values))
      numbers[featureNumber(name, features)] = finite(name, value);
    return mx.array(numbers);
  };
  const [factor, summand, value] = [row(scale, 1), row(add, 0), row(set, 0)];
  const isSet = row(Object.fromEntries(Object.keys(set).map((name) => [name, 1])), 0);
  return function changeFeatures(f, context) {
    requireFeatures(f, features, context?.site);
    const moved = mx.add(mx.multiply(f, factor), summand);
    return mx.where(mx.equal(isSet, 1), value, moved);
  };
}

function requireFeatures(f: MxArray, features: number, site: string): void {
  const { shape } = checkArray("value", f);
  if (shape.at(-1) === features) return;
  const rule = `has values of ${shape.at(-1)} numbers, and the dictionary ${features} features. Change them where the dictionary is spliced in: featureSite(model, dictionary).`;
  throw new InvalidArgumentError("site", site, rule);
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
export function featureNumber(name: number | string, features: number): number {
  // Number(…) would take null, true, "" and [] for features, and throw at symbols.
  const number = typeof name === "string" && /^\d+$/.test(name) ? Number(name) : (name as number);
  if (Number.isInteger(number) && number >= 0 && number < features) return number;
  throw new InvalidArgumentError(
    "feature",
    name,
    `there are features 0 … ${features - 1}, not ${brief(name)}.`,
  );
}

function finite(name: string, value: number): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new InvalidArgumentError(`feature ${name}`, value, "must be a finite number.");
}
