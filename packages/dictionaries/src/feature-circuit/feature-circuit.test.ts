/** Feature circuits against brute force: small changes of what a node is, and all of them taken away. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { loadModel } from "@mlxterp/models";
import { parseOptions, resultsFromJson, toJson } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import { answerMetric, type Candidate, directEdges, effectsOn } from "./effects.js";
import { answerWith } from "./faithfulness.js";
import { featureCircuit } from "./feature-circuit.js";
import { type FeatureCircuitOptions, featureCircuitOptions } from "./options.js";
import { splicedModel } from "./places.js";
import { featureCircuitView } from "./view.js";

const model = await loadModel("tiny");
const [ids] = model.tokens("the capital of France is").ids;
const answer = model.tokenizer!.encode("Paris").at(-1)!;
const parsed = (options: FeatureCircuitOptions) =>
  parseOptions("test", featureCircuitOptions, options);
const both = splicedModel(model, parsed({}));
const share = 0.02;

/** One feature at one position, a little smaller. */
function smaller({ place, position, feature }: Candidate): Record<string, (x: MxArray) => MxArray> {
  const { features, count } = both.places[place];
  const factors = Array.from({ length: ids.length * count }, (_, at) =>
    at === position * count + feature! ? 1 - share : 1,
  );
  const factor = mx.array(factors).reshape([1, ids.length, count]);
  return { [features]: (x) => mx.multiply(x, factor) };
}

describe("effects", () => {
  it("are what the answer loses where a feature is a little smaller", async () => {
    const { candidates } = await effectsOn(both, ids, answer, 1);
    const strongest = candidates
      .filter(({ feature }) => feature !== undefined)
      .sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect))
      .slice(0, 5);
    const measure = async (interventions: Record<string, (x: MxArray) => MxArray>) => {
      using cache = await both.view.run([[...ids]], { save: "output", interventions });
      const value = answerMetric(answer, ids.length)(cache.get("output"), undefined as never);
      return Number(value.item());
    };
    const whole = await measure({});
    for (const one of strongest) {
      const lost = (whole - (await measure(smaller(one)))) / share;
      expect(Math.abs(lost - one.effect)).toBeLessThan(0.05 * Math.abs(one.effect) + 2e-3);
    }
  });

  it("add up, along a path, to what is lost where all of one place are taken away", async () => {
    const alone = splicedModel(model, parsed({ transcoders: "none", dictionaries: ["tiny"] }));
    const { candidates } = await effectsOn(alone, ids, answer, 24);
    const sum = candidates.reduce((all, { effect }) => all + effect, 0);
    const whole = await answerWith(alone, ids, answer, candidates);
    const nothing = await answerWith(alone, ids, answer, []);
    expect(Math.abs(sum - (whole - nothing))).toBeLessThan(0.03 * Math.abs(whole - nothing));
    using cache = await model.run([[...ids]], { save: "output" });
    const own = answerMetric(answer, ids.length)(cache.get("output"), undefined as never);
    expect(whole).toBeCloseTo(Number(own.item()), 3); // nothing was taken away
  });
});

it("has edges that are what a smaller source takes directly from its target", async () => {
  const { candidates, gradients } = await effectsOn(both, ids, answer, 1);
  const best = (place: number) =>
    candidates
      .filter((one) => one.place === place && one.feature !== undefined && one.position === 3)
      .sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect));
  const [[target], sources] = [best(3), best(1).slice(0, 3)];
  const [edges] = await directEdges(both, ids, [target], sources, gradients);
  const names = both.places.flatMap(({ features, error }) => [features, error]);
  using clean = await both.view.run([[...ids]], { save: names });
  const held = both.places
    .filter((_, place) => place !== target.place)
    .flatMap(({ features, error }) => [features, error]);
  const weight = gradients[target.place].features.index(target.position, target.feature!);
  const read = async (change: Record<string, (x: MxArray) => MxArray>) => {
    const interventions = Object.fromEntries(
      held.map((site) => [site, () => (change[site] ?? ((x: MxArray) => x))(clean.get(site))]),
    );
    const site = both.places[target.place].features;
    using cache = await both.view.run([[...ids]], { save: site, interventions });
    const value = cache.get(site).index(0, target.position, target.feature!);
    return Number(mx.multiply(value, weight).item());
  };
  const before = await read({});
  for (const [at, source] of sources.entries()) {
    const lost = (before - (await read(smaller(source)))) / share;
    expect(Math.abs(lost - edges[at])).toBeLessThan(0.05 * Math.abs(edges[at]) + 2e-3);
  }
});

it("keeps more of the answer than random circuits, and refuses what cannot be", async () => {
  const [{ tables }] = await featureCircuit(model, ids as never, { nodes: 40, random: 3 });
  const [{ faithfulness, byChance, candidates }] = tables.scores.rows;
  expect(faithfulness).toBeGreaterThan(byChance! + 0.15);
  expect(candidates).toBeGreaterThan(100);
  expect(tables.nodes.rows).toHaveLength(40);
  const none = featureCircuit(model, ids as never, { transcoders: "none" });
  await expect(none).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  const twice = featureCircuit(model, ids as never, { dictionaries: ["tiny", "tiny"] });
  await expect(twice).rejects.toThrow("layers.2");
  const words = featureCircuit(model, ids as never, { answer: "Paris is big" });
  await expect(words).rejects.toMatchObject({ argument: "answer" });
});

it("regression: a prompt of the first token alone kept NaN of its answer, which no view of a stored result took", async () => {
  const [result] = await featureCircuit(model, [ids.slice(0, 1)]);
  expect(result.tables.scores.rows[0]).toMatchObject({ faithfulness: null, byChance: null });
  expect(result.notes[0].text).toContain("There are no nodes");
  const [stored] = resultsFromJson(toJson(result));
  const [said] = featureCircuitView(stored as typeof result)
    .filter(({ kind }) => kind === "text")
    .slice(-1);
  expect(said).toMatchObject({ text: expect.stringContaining("change nothing of The") });
});
