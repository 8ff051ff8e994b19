/** Circuits that are known by construction: what finds them, and what cannot. */
import { describe, expect, it } from "vitest";
import { acdc } from "../acdc/acdc.js";
import { auroc } from "../circuits/measures.js";
import { edgeAttribution } from "../edge-attribution/edge-attribution.js";
import type { EdgeScoring } from "../edge-attribution/options.js";
import { hasMethodCase, modelOfCase, openMethodCase } from "./method-cases.js";
import { type Planted, plantedModel } from "./planted.js";
import { sweep } from "./sweeps.js";

/** Kinds of circuits: carried and renamed, exchanged by flags, found by induction; plain and gated MLPs. */
const shapes = [
  { seed: 6, layers: 2, heads: 3, gated: true, induction: false },
  { seed: 4, layers: 2, heads: 2, gated: false, induction: true },
  { seed: 1, layers: 2, heads: 2, gated: false, induction: false },
] as const;

const named = ({ source, destination }: { source: string; destination: string }) => `${source} ${destination}`; // biome-ignore format: one line

type Known = Pick<Planted, "model" | "pairs" | "question" | "truth">;

async function scoresBy({ model, pairs, question }: Known, scoring: EdgeScoring) {
  const few = { batchSize: 16, maskSteps: 30 }; // half as many as by default are enough here
  const { tables } = await edgeAttribution(model, pairs, { ...question, scoring, ...few });
  return tables.edges.rows;
}

async function aurocBy(known: Known, scoring: EdgeScoring): Promise<number> {
  const rows = await scoresBy(known, scoring);
  return auroc(rows.map(({ score }) => Math.abs(score)), rows.map((row) => known.truth.has(named(row)))); // biome-ignore format: one line
}

const finders = [
  "eap-ig-inputs",
  "eap-idg-inputs",
  "eap-ig-activations",
  "relp-qk",
  "gim",
  "edge-masks",
] as const;

describe.each(sweep(shapes, 2))(
  "a planted circuit: $seed, gated $gated, induction $induction",
  ({ seed, ...shape }) => {
    const planted = plantedModel(seed, { codes: 5, positions: 6, slots: 6, ...shape });

    it("is what its prompts need: every edge by itself costs more than any other", async () => {
      const rows = await scoresBy(planted, "exact");
      const sizes = (inside: boolean) => rows.filter((row) => planted.truth.has(named(row)) === inside).map(({ score }) => Math.abs(score)); // biome-ignore format: one line
      expect(sizes(true)).toHaveLength(planted.truth.size);
      expect(Math.min(...sizes(true))).toBeGreaterThan(10 * Math.max(...sizes(false)));
    });

    it.each(finders)("is found by %s", async (scoring) => {
      expect(await aurocBy(planted, scoring)).toBeGreaterThanOrEqual(0.95);
    });

    it("is found by ACDC", async () => {
      const options = { ...planted.question, metric: "logitDifference", threshold: 0.3 } as const;
      const { tables } = await acdc(planted.model, planted.pairs, options);
      const found = new Set(tables.edges.rows.map(named));
      expect([...planted.truth].filter((edge) => !found.has(edge))).toEqual([]);
      expect(found.size).toBeLessThanOrEqual(planted.truth.size + 1);
    });
  },
);

it("relevance with held patterns sees what is carried, and nothing of what decides where to look", async () => {
  const planted = plantedModel(4, { codes: 5, positions: 6, slots: 6, layers: 2, heads: 2, gated: false, induction: true }); // biome-ignore format: one object
  const rows = await scoresBy(planted, "relp");
  const deciding = rows.filter(({ destination }) => /<[qk]>$/.test(destination));
  expect(deciding.every(({ score }) => score === 0)).toBe(true);
  expect(deciding.filter((row) => planted.truth.has(named(row)))).toHaveLength(2);
});

/** A reference model, some of its pairs, and the edges that were planted in it. */
async function reference(name: string): Promise<Known> {
  const { about, numbers, pairs, question } = openMethodCase("planted", name);
  const some = <T>(list: readonly T[]) => list.slice(0, 6);
  const mask = numbers("true_edges");
  const truth = new Set<string>();
  about.src_nodes.forEach((source: string, row: number) => {
    about.dst_nodes.forEach((destination: string, column: number) => {
      if (mask[row * about.dst_nodes.length + column]) truth.add(`${source} ${destination}`);
    });
  });
  return {
    model: await modelOfCase("planted", name),
    pairs: { clean: some(pairs.clean), corrupted: some(pairs.corrupted) },
    question: { answer: some(question.answer), wrongAnswer: some(question.wrongAnswer) },
    truth,
  };
}

const references = sweep(["gpt2-induction", "gpt2-gate"], 1).filter((name) =>
  hasMethodCase("planted", name),
);

describe.each(references)("the circuit that was planted in %s", (name) => {
  const known = reference(name);

  it.each(["eap", "eap-ig-inputs", "eap-idg-inputs", "relp-qk", "gim", "edge-masks"] as const)(
    "is found by %s",
    async (scoring) => {
      expect(await aurocBy(await known, scoring)).toBeGreaterThanOrEqual(0.95);
    },
  );

  it("is found by ACDC, ranked by what each edge would have cost", async () => {
    const { model, pairs, question, truth } = await known;
    const options = { ...question, metric: "logitDifference", threshold: 0.5 } as const;
    const { tables } = await acdc(model, pairs, options);
    const prices = new Map(tables.edges.rows.map((row) => [named(row), row.score]));
    const all = (await scoresBy(await known, "eap")).map(named);
    const area = auroc(all.map((edge) => prices.get(edge) ?? 0), all.map((edge) => truth.has(edge))); // biome-ignore format: one call
    expect(area).toBeGreaterThanOrEqual(0.95);
  });
});
