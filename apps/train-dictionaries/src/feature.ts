/**
 * `pnpm --filter @mlxterp/train-dictionaries feature`: the feature that is on before some words (or at them) and nowhere else, what it does to what
 * the model says, and what chance would.
 *
 * The feature is found on one half of the texts and judged on the other, beside the best of a dictionary that nobody trained. It is then added to
 * the residual stream everywhere, and the probability of those words beside that with other features of the dictionary, as long.
 */
import { parseArgs } from "node:util";
import {
  changeFeatures,
  featureSite,
  loadDictionary,
  logitEffects,
  nullDictionary,
  spliceDictionary,
} from "@mlxterp/dictionaries";
import { mx, toFlat } from "@mlxterp/mlx";
import { type LanguageModel, loadModel } from "@mlxterp/models";
import { bestFeature, f1Of, type Rows, rowsOf } from "./concept.js";
import { sampleTexts } from "./sample-texts.js";

/** What people give each other in the texts of `tiny`. */
const things =
  "ball,drink,book,ring,letter,kite,present,cake,hat,lamp,coat,map,flower,basket,pen,bone";

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "tiny" },
    dictionary: { type: "string", default: "tiny" },
    words: { type: "string", default: things },
    where: { type: "string", default: "before" },
    prompt: { type: "string", default: "Mary and John went to the park . John gave a" },
    sequences: { type: "string", default: "96" },
    length: { type: "string", default: "48" },
    strength: { type: "string", default: "2" },
    others: { type: "string", default: "39" },
    seed: { type: "string", default: "77" },
  },
});
const seed = Number(values.seed);
const model = (await loadModel(values.model)) as LanguageModel;
const dictionary = loadDictionary(values.dictionary);
const texts = await sampleTexts(model, {
  ...{ sequences: Number(values.sequences), length: Number(values.length), seed },
});
const half = Math.floor(texts.length / 2);
const words = values.words.split(",");
const { where } = values;
if (where !== "at" && where !== "before") throw new Error(`--where is at or before, not ${where}.`);
const [found, judged] = [texts.slice(0, half), texts.slice(half)];
const [train, test] = [
  await rowsOf(model, dictionary, found, words, where),
  await rowsOf(model, dictionary, judged, words, where),
];

const { feature, f1 } = bestFeature(dictionary, train);
say(`feature ${feature}: on ${where} ${words.join(", ")}`);
say(`  F1 ${short(f1)} where it was found, ${short(f1Of(dictionary, feature, test))} elsewhere`);
const nobody = nullDictionary(dictionary, "untrained", seed);
const best = bestFeature(nobody, train);
say(
  `  best of an untrained dictionary: ${short(best.f1)}, ${short(f1Of(nobody, best.feature, test))}`,
);
say(`  on at: ${topTokens(test)}`);
const [{ promotes }] = logitEffects(model, dictionary, [feature], 8);
say(`  says directly: ${promotes.map(({ text }) => text.trim()).join(" ")}`);

// as long as its own mean where it is on, times the strength; others are made as long
const norms = toFlat(mx.sqrt(mx.sum(mx.square(dictionary.directions()), 1)));
const on = activationsOf(feature, train).filter((value) => value > 0);
const mean = on.reduce((sum, value) => sum + value, 0) / on.length;
const size = Number(values.strength) * mean * norms[feature];
const plain = await shareOf(undefined);
const steered = await shareOf(feature);
const others: number[] = [];
for (const other of alive(Number(values.others))) others.push(await shareOf(other));
const reached = others.filter((share) => share >= steered).length;
say(`probability of the words: ${percent(plain)} before, ${percent(steered)} steered`);
say(
  `  with ${others.length} other features: ${percent(Math.min(...others))} to ${percent(Math.max(...others))}`,
);
say(`  by chance: p = ${short((reached + 1) / (others.length + 1))}`);
for (const one of [undefined, feature]) {
  const settings = { maxTokens: 40, temperature: 0.7, seed } as const;
  const { text } = await viewOf(one).generateText(values.prompt, settings);
  say(`${one === undefined ? "before" : "steered"}: ${values.prompt}${text.replaceAll("\n", " ")}`);
}

function viewOf(one: number | undefined): LanguageModel {
  if (one === undefined) return model;
  const change = changeFeatures(dictionary, { add: { [one]: size / norms[one] } });
  return spliceDictionary(model, dictionary).edit({ [featureSite(model, dictionary)]: change });
}

/** How probable the words are as next tokens, on average over the tokens of texts. */
async function shareOf(one: number | undefined): Promise<number> {
  const view = viewOf(one);
  const ids = mx.array([...test.ids], mx.int32);
  let [sum, count] = [0, 0];
  for (let from = 0; from < judged.length; from += 8) {
    using cache = await view.run(judged.slice(from, from + 8), { save: "output" });
    const chances = mx.take(mx.softmax(cache.get("output"), -1), ids, 2);
    const each = mx.sum(chances, 2);
    sum += Number(mx.sum(each).item());
    count += each.size;
  }
  return sum / count;
}

function activationsOf(one: number, { x }: Rows): number[] {
  return [...toFlat(dictionary.encode(x).index(mx.Slice(), one))];
}

/** The tokens at which the feature is on, the most frequent first. */
function topTokens(rows: Rows): string {
  const counts = new Map<string, number>();
  activationsOf(feature, rows).forEach((value, at) => {
    const token = rows.tokens[at].trim();
    if (value > 0) counts.set(token, (counts.get(token) ?? 0) + 1);
  });
  const sorted = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 10);
  return sorted.map(([token, count]) => `${token} (${count})`).join(" ");
}

/** Some of the other features that are on somewhere. */
function alive(count: number): number[] {
  const densities = toFlat(
    mx.mean(mx.greater(dictionary.encode(train.x), 0).astype(mx.float32), 0),
  );
  const all = [...densities.keys()].filter((one) => one !== feature && densities[one] > 0.001);
  const step = Math.max(1, Math.floor(all.length / count));
  return all.filter((_, at) => at % step === 0).slice(0, count);
}

function short(value: number): string {
  return value.toFixed(3);
}

function percent(value: number): string {
  return `${(100 * value).toFixed(2)} %`;
}

function say(text: string): void {
  console.log(text);
}
