/** Circuits: paths by brute force, areas and ranks in closed form, the peers' circuits, and circuits that are known by construction. */
import { Decoder, initializeWeights, LanguageModel } from "@mlxterp/models";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { edgeAttribution } from "../edge-attribution/edge-attribution.js";
import {
  type ComponentGraph,
  componentGraph,
  type EdgeSet,
  edgesOf,
  sizeOf,
} from "../graph/graph.js";
import { graphOf } from "../graph/outputs.js";
import { pruned } from "../graph/prune.js";
import { resolvePairs } from "../shared/pairs.js";
import { gpt2Like, llamaLike } from "../shared/test-support.js";
import { hasMethodCase, modelOfCase, openMethodCase } from "../testing/method-cases.js";
import { findCircuit } from "./find-circuit.js";
import { judgeEdges } from "./judge.js";
import { auroc, circuitAreas } from "./measures.js";
import { complement, strongest } from "./select.js";

const config = { ...llamaLike, layers: llamaLike.layers.slice(0, 2).reverse() };
const model = new LanguageModel(
  initializeWeights(new Decoder(config), { seed: 11, deviation: 0.35 }),
  { config },
);

describe("pruned", () => {
  const wiring = config.layers.map(({ attention }) => ({ ...attention, parallel: false }));
  const graph = componentGraph(model, wiring);

  it("keeps exactly the edges of which some path from the input to the logits is made", () => {
    const some = fc.array(fc.boolean(), { minLength: graph.edges, maxLength: graph.edges });
    const property = fc.property(
      some,
      fc.double({ min: 0.02, max: 0.5, noNaN: true }),
      (bits, share) => {
        // biome-ignore format: one property
        const set = new Uint8Array(graph.sources.length * graph.destinations.length);
        edgesOf(graph).forEach(({ index }, at) => {
          set[index] = bits[at] && ((at * 2654435761) % 1000) / 1000 < share ? 1 : 0;
        });
        expect([...pruned(graph, set)]).toEqual([...onPaths(graph, set)]);
      },
    );
    fc.assert(property, { numRuns: 50 });
  });
});

/** Walks every path. */
function onPaths(graph: ComponentGraph, set: EdgeSet): EdgeSet {
  const { sources, destinations } = graph;
  const result = new Uint8Array(set.length);
  const belongs = (destination: number, source: number) => {
    const [to, from] = [destinations[destination], sources[source]];
    if (to.layer !== from.layer || from.kind === "input") return false;
    if (to.kind === "mlp" || from.kind === "mlp") return to.kind === from.kind;
    const [, users] = [0, sources.filter((one) => one.kind === "head" && one.layer === to.layer).length / destinations.filter((one) => one.kind === to.kind && one.layer === to.layer).length]; // biome-ignore format: one ratio
    return to.kind !== "logits" && Math.floor(from.head! / users) === to.head;
  };
  const walk = (source: number): boolean => {
    let arrives = false;
    destinations.forEach((to, destination) => {
      const index = source * destinations.length + destination;
      if (set[index] !== 1) return;
      const next = sources.flatMap((_, other) => (belongs(destination, other) ? [other] : []));
      const reaches = to.kind === "logits" || next.map(walk).some(Boolean);
      if (reaches) result[index] = 1;
      arrives ||= reaches;
    });
    return arrives;
  };
  walk(0);
  return result;
}

it("areas are those of trapezoids, ranks those of all pairs", () => {
  expect(circuitAreas([0, 0.5, 1], [0, 2, 1])).toEqual({ cpr: 1.25, cmd: 0.75 });
  const property = fc.property(
    fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.boolean()), {
      minLength: 2,
      maxLength: 30,
    }),
    (list) => {
      const [hits, misses] = [true, false].map((hit) => list.filter((one) => one[1] === hit));
      fc.pre(hits.length > 0 && misses.length > 0);
      const wins = hits.flatMap(([a]) => misses.map(([b]) => (a > b ? 1 : a === b ? 0.5 : 0)));
      const expected = wins.reduce((sum: number, win) => sum + win, 0) / wins.length;
      expect(auroc(list.map(([score]) => score), list.map(([, hit]) => hit))).toBeCloseTo(expected, 10); // biome-ignore format: one line
    },
  );
  fc.assert(property, { numRuns: 100 });
  expect(() => auroc([1, 2], [true, true])).toThrow("some of both kinds");
});

describe("findCircuit", () => {
  const pair = { clean: [5, 17, 2, 25, 9], corrupted: [5, 30, 2, 17, 9] };
  const question = { answer: 3, wrongAnswer: 8, fractions: [0, 0.25, 1], keep: 0.25, random: 3 };

  it("keeps nothing with no edges, everything with all, and the reverse without them", async () => {
    const { tables, grids } = await findCircuit(model, pair, question);
    const [none, some, all] = tables.sizes.rows;
    expect([none.faithfulness, none.without, all.faithfulness, all.without]).toEqual(
      [0, 1, 1, 0].map((value) => expect.closeTo(value, 4)),
    );
    expect(none.randomMost).toBeCloseTo(0, 4);
    expect(tables.edges.rows).toHaveLength(some.edges);
    expect(grids.faithfulness.values[1]).toBeCloseTo(some.faithfulness, 5);
  });

  it("takes the same random circuits for the same seed, and others for another", async () => {
    const runs = [0, 0, 1].map((seed) => findCircuit(model, pair, { ...question, seed }));
    const [first, again, other] = (await Promise.all(runs)).map(({ tables }) => tables.sizes.rows[1].randomMean); // biome-ignore format: one line
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });
});

describe.each(["gpt2", "sort-gpt2", "llama"])("the peer's circuits of %s", (name) => {
  const there = hasMethodCase("edge-attribution", name) && name !== "llama";
  it.skipIf(!there)("are as faithful, and as large after pruning", async () => {
    const reference = openMethodCase("edge-attribution", name);
    const opened = await modelOfCase("edge-attribution", name);
    const { pairs } = resolvePairs(opened, reference.pairs, reference.question);
    const graph = await graphOf(opened, pairs[0].clean.ids);
    const { fractions } = reference.about as { fractions: number[] };
    for (const scores of ["EAP", "EAP-IG-inputs"]) {
      const given = reference.numbers(`scores.${scores}`);
      const sets = fractions.map((share) => strongest(graph, given, Math.floor(share * graph.edges + 1e-9))); // biome-ignore format: one line
      const runs = sets.map((set) => complement(graph, set));
      const judged = await judgeEdges({ model: opened, graph, pairs, metric: "logitDifference", batchSize: 8 }, runs); // biome-ignore format: one call
      const [clean] = reference.numbers("metric_clean");
      const [corrupted] = reference.numbers("metric_corrupted");
      const kept = judged.map((values) => {
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        return (mean - corrupted) / (clean - corrupted);
      });
      const expected = reference.numbers(`faithfulness.${scores}`);
      kept.forEach((value, at) => {
        expect(Math.abs(value - expected[at])).toBeLessThan(1e-4);
      });
      expect(sets.map((set) => sizeOf(pruned(graph, set)))).toEqual([
        ...reference.numbers(`edges_kept.${scores}`),
      ]);
    }
  });
});

describe.each(["gpt2-gate", "gpt2-induction"])("the circuit that was planted in %s", (name) => {
  it.skipIf(!hasMethodCase("planted", name))(
    "is found by every scoring that asks for effects",
    async () => {
      const reference = openMethodCase("planted", name);
      const opened = await modelOfCase("planted", name);
      const truth = reference.numbers("true_edges");
      const { src_nodes, dst_nodes } = reference.about as {
        src_nodes: string[];
        dst_nodes: string[];
      };
      for (const scoring of [
        "eap",
        "eap-ig-inputs",
        "eap-ig-activations",
        "clean-corrupted",
      ] as const) {
        const { tables } = await edgeAttribution(opened, reference.pairs, { ...reference.question, scoring }); // biome-ignore format: one call
        const { rows } = tables.edges;
        const planted = rows.map(({ source, destination }) => truth[src_nodes.indexOf(source) * dst_nodes.length + dst_nodes.indexOf(destination)]); // biome-ignore format: one line
        expect(auroc(rows.map(({ score }) => Math.abs(score)), planted)).toBeGreaterThanOrEqual(0.95); // biome-ignore format: one line
      }
    },
  );
});

it("works on models with learned positions and biases as well", async () => {
  const plain = { ...gpt2Like, layers: gpt2Like.layers.slice(0, 2) };
  const other = new LanguageModel(
    initializeWeights(new Decoder(plain), { seed: 3, deviation: 0.35 }),
    { config: plain },
  );
  const pair = { clean: [5, 17, 2], corrupted: [5, 30, 2] };
  const asked = { answer: 3, wrongAnswer: 8, random: 0, fractions: [0, 1], keep: 1 };
  const { tables } = await findCircuit(other, pair, asked);
  expect(tables.sizes.rows[1].faithfulness).toBeCloseTo(1, 4);
  expect(tables.sizes.columns).not.toContain("randomMean");
});
