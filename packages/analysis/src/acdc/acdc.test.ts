/** ACDC: the same edges as one at a time, and those of the references in float64. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { mx, toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel, loadModel } from "@mlxterp/models";
import { describe, expect, it } from "vitest";
import { runEdges } from "../graph/edge-runs.js";
import { edgeSet, edgesOf } from "../graph/graph.js";
import { graphOf } from "../graph/graph-of.js";
import { outputsOf } from "../graph/outputs.js";
import { pruned } from "../graph/prune.js";
import { runPairs } from "../graph/run-pairs.js";
import { resolvePairs } from "../shared/pairs.js";
import { gpt2Like, llamaLike } from "../shared/test-support.js";
import {
  hasMethodCase,
  methodCaseFile,
  modelOfCase,
  openMethodCase,
} from "../testing/method-cases.js";
import { sweep } from "../testing/sweeps.js";
import { acdc } from "./acdc.js";
import { divergence } from "./search.js";

/** What auto-circuit says of its own run. */
interface AutoCircuit {
  readonly order_of_visits: readonly string[];
  readonly result: Readonly<Record<string, { readonly kept: readonly string[] }>>;
}

const clean = [5, 17, 2, 25, 9];
const corrupted = [5, 30, 2, 17, 9];
const question = { answer: 3, wrongAnswer: 8, metric: "logitDifference" } as const;

function small(given: typeof llamaLike | typeof gpt2Like): LanguageModel {
  const config = given as typeof llamaLike;
  const decoder = initializeWeights(new Decoder(config), { seed: 5, deviation: 0.35 });
  return new LanguageModel(decoder, { config });
}

/** Heads that share keys, plain ones, and those whose writes are normalised together; then families that differ in what reads what. */
const models: readonly (readonly [string, () => LanguageModel | Promise<LanguageModel>])[] = [
  ["Llama", () => small({ ...llamaLike, layers: llamaLike.layers.slice(0, 2).reverse() })],
  ["GPT-2", () => small({ ...gpt2Like, layers: gpt2Like.layers.slice(0, 2) } as typeof gpt2Like)],
  ...["olmo2", "gemma2", "falcon", "gpt_neo", "glm4", "stablelm"].map((name) => {
    const folder = fileURLToPath(new URL(`../../../models/references/${name}/base`, import.meta.url)); // biome-ignore format: one line
    return [name, () => loadModel(folder)] as const;
  }),
];

describe.each(sweep(models, 3))("a model like %s", (_, open) => {
  it.each(sweep([0.05, 0.003, 0.5], 1))(
    "leaves out what one at a time leaves out, at %s",
    async (threshold) => {
      const model = await open();
      const graph = await graphOf(model, clean, "any");
      const runs = { model, graph, ids: [clean], clean: await outputsOf(model, [clean], graph), corrupted: await outputsOf(model, [corrupted], graph) }; // biome-ignore format: one object
      const removed = edgeSet(graph);
      const costOf = async () => {
        const read = (logits: ReturnType<typeof mx.array>) => mx.subtract(logits.index("...", 8), logits.index("...", 3)); // biome-ignore format: one line
        return toFlat(await runEdges(runs, [{ pair: 0, corrupted: removed }], read))[0];
      };
      let current = await costOf();
      for (let destination = graph.destinations.length - 1; destination >= 0; destination--) {
        for (let source = graph.reach[destination] - 1; source >= 0; source--) {
          const index = source * graph.destinations.length + destination;
          removed[index] = 1;
          const cost = await costOf();
          if (cost - current < threshold) current = cost;
          else removed[index] = 0;
        }
      }
      const kept = edgeSet(graph, true).map((one, index) => (removed[index] ? 0 : one));
      const left = pruned(graph, kept);
      const expected = edgesOf(graph)
      .filter(({ index }) => left[index] === 1)
      .map(({ source, destination }) => `${graph.sources[source].name} ${graph.destinations[destination].name}`); // biome-ignore format: one name
      const { tables } = await acdc(model, { clean, corrupted }, { ...question, threshold });
      const found = tables.edges.rows.map(({ source, destination }) => `${source} ${destination}`);
      expect(found.sort()).toEqual(expected.sort());
      const [summary] = tables.summary.rows;
      expect(summary.edges).toBe(kept.reduce((sum, one) => sum + one, 0));
      expect(summary.passes).toBeLessThan(graph.edges);
      for (const { score } of tables.edges.rows) expect(score).toBeGreaterThanOrEqual(threshold);
    },
  );
});

it("takes views with edits, in modules that its runs have no need of", async () => {
  const config = { ...llamaLike, layers: llamaLike.layers.slice(0, 2) };
  const decoder = initializeWeights(new Decoder(config), { seed: 5, deviation: 0.35 });
  const model = new LanguageModel(decoder, { config });
  const same = (x: ReturnType<typeof mx.array>) => mx.multiply(x, 1);
  const view = model.edit({ "layers.0.selfAttn.z": same, "layers.1.mlp.post": same });
  const [plain, edited] = await Promise.all(
    [model, view].map((one) => acdc(one, { clean, corrupted }, { ...question, threshold: 0.05 })),
  );
  const named = ({ tables }: typeof plain) => tables.edges.rows.map(({ source, destination }) => `${source} ${destination}`).sort(); // biome-ignore format: one line
  expect(named(edited)).toEqual(named(plain));
});

it.skipIf(!hasMethodCase("acdc", "gpt2"))(
  "in auto-circuit's order, its runs of edges keep what auto-circuit keeps",
  async () => {
    const peer = JSON.parse(readFileSync(methodCaseFile("acdc", "gpt2", "auto-circuit.json"), "utf8")) as AutoCircuit; // biome-ignore format: one line
    const reference = openMethodCase("acdc", "gpt2");
    const model = await modelOfCase("acdc", "gpt2");
    const { pairs } = resolvePairs(model, reference.pairs, reference.question);
    const graph = await graphOf(model, pairs[0].clean.ids);
    const names = new Map(edgesOf(graph).map(({ source, destination, index }) => [`${graph.sources[source].name}->${graph.destinations[destination].name}`, index])); // biome-ignore format: one line
    expect(peer.order_of_visits).toHaveLength(graph.edges);
    for await (const batch of runPairs(model, graph, pairs, {
      metric: "logitDifference",
      batchSize: pairs.length,
    })) {
      // biome-ignore format: one line
      const rows = pairs.map((_, pair) => pair);
      for (const [name, { kept }] of sweep(Object.entries(peer.result).reverse(), 1)) {
        // first the larger threshold, which keeps half of the edges and not nearly all
        const threshold = Number(name.slice("tau".length));
        const removed = edgeSet(graph);
        let current = 0;
        for (const edge of peer.order_of_visits) {
          const index = names.get(edge)!;
          removed[index] = 1;
          const each = [...toFlat(await runEdges(batch, rows.map((pair) => ({ pair, corrupted: removed })), divergence(batch, rows)))]; // biome-ignore format: one line
          const cost = each.reduce((sum, one) => sum + one, 0) / rows.length;
          if (cost - current < threshold) current = cost;
          else removed[index] = 0;
        }
        const left = peer.order_of_visits.filter((edge) => !removed[names.get(edge)!]);
        expect(left.sort(), name).toEqual([...kept].sort());
      }
    }
  },
);

describe.each(sweep(["gpt2", "sort-gpt2"], 1))("against the reference on %s", (name) => {
  it.skipIf(!hasMethodCase("acdc", name))("keeps exactly the same edges", async () => {
    const reference = openMethodCase("acdc", name);
    const model = await modelOfCase("acdc", name);
    const { src_nodes, dst_nodes, thresholds } = reference.about;
    for (const [metric, key] of [
      ["kl", "kl"],
      ["logitDifference", "logit_diff"],
    ] as const) {
      for (const threshold of sweep((thresholds[key] as number[]).toReversed(), 1)) {
        // first the larger threshold, which leaves out more
        const options = { ...reference.question, metric, threshold };
        const { tables } = await acdc(model, reference.pairs, options);
        const mask = reference.numbers(`${key}.tau${threshold}.pruned`);
        const own = new Float32Array(mask.length);
        for (const { source, destination } of tables.edges.rows) {
          own[src_nodes.indexOf(source) * dst_nodes.length + dst_nodes.indexOf(destination)] = 1;
        }
        expect([...own], `${key} ${threshold}`).toEqual([...mask]);
        const [value] = reference.numbers(`${key}.tau${threshold}.metric`);
        const [{ cost }] = tables.summary.rows;
        const { rows } = tables.baselines;
        const start = metric === "kl" ? 0 : -rows.reduce((sum, row) => sum + row.clean, 0) / rows.length; // biome-ignore format: one choice
        expect(Math.abs(cost + start - value)).toBeLessThan(1e-4);
      }
    }
  });
});
