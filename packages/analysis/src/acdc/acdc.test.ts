/** ACDC: the same edges as one at a time, and those of the references in float64. */
import { mx, toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel } from "@mlxterp/models";
import { describe, expect, it } from "vitest";
import { runEdges } from "../graph/edge-runs.js";
import { edgeSet, edgesOf } from "../graph/graph.js";
import { graphOf } from "../graph/graph-of.js";
import { outputsOf } from "../graph/outputs.js";
import { pruned } from "../graph/prune.js";
import { gpt2Like, llamaLike } from "../shared/test-support.js";
import { hasMethodCase, modelOfCase, openMethodCase } from "../testing/method-cases.js";
import { sweep } from "../testing/sweeps.js";
import { acdc } from "./acdc.js";

const clean = [5, 17, 2, 25, 9];
const corrupted = [5, 30, 2, 17, 9];
const question = { answer: 3, wrongAnswer: 8, metric: "logitDifference" } as const;

describe.each([
  ["Llama", { ...llamaLike, layers: llamaLike.layers.slice(0, 2).reverse() }],
  ["GPT-2", { ...gpt2Like, layers: gpt2Like.layers.slice(0, 2) }],
] as const)("a model like %s", (_, given) => {
  const config = given as typeof llamaLike;
  const model = new LanguageModel(
    initializeWeights(new Decoder(config), { seed: 5, deviation: 0.35 }),
    { config },
  );

  it.each(sweep([0.05, 0.003, 0.5], 1))(
    "leaves out what one at a time leaves out, at %s",
    async (threshold) => {
      const graph = await graphOf(model, clean);
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

describe.each(sweep(["gpt2", "sort-gpt2"], 1))("against the reference on %s", (name) => {
  it.skipIf(!hasMethodCase("acdc", name))("keeps exactly the same edges", async () => {
    const reference = openMethodCase("acdc", name);
    const model = await modelOfCase("acdc", name);
    const { src_nodes, dst_nodes, thresholds } = reference.about;
    for (const [metric, key] of [
      ["kl", "kl"],
      ["logitDifference", "logit_diff"],
    ] as const) {
      for (const threshold of thresholds[key] as number[]) {
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
