/** Circuits: paths by brute force, areas and ranks in closed form, the peers' circuits, and circuits that are known by construction. */
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel } from "@mlxterp/models";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { edgeAttribution } from "../edge-attribution/edge-attribution.js";
import { runEdges } from "../graph/edge-runs.js";
import {
  type ComponentGraph,
  componentGraph,
  type EdgeSet,
  edgeSet,
  edgesOf,
  sizeOf,
} from "../graph/graph.js";
import { graphOf } from "../graph/graph-of.js";
import { outputsOf } from "../graph/outputs.js";
import { pruned } from "../graph/prune.js";
import { resolvePairs } from "../shared/pairs.js";
import { gpt2Like, llamaLike } from "../shared/test-support.js";
import { hasMethodCase, modelOfCase, openMethodCase } from "../testing/method-cases.js";
import { sweep } from "../testing/sweeps.js";
import { findCircuit } from "./find-circuit.js";
import { judgeEdges } from "./judge.js";
import { auroc, circuitAreas, rankCorrelation } from "./measures.js";
import type { Selection } from "./options.js";
import { chooser } from "./order.js";
import { complement, setOf } from "./select.js";

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

function chooserOf(
  graph: ComponentGraph,
  byPair: Float64Array[],
  selection: Selection,
  positiveShare = 0.5,
) {
  // biome-ignore format: one line
  return chooser({ graph, byPair }, { selection, positiveShare, seed: 0 });
}

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
  expect(rankCorrelation([1, 2, 2, 9], [3, 5, 5, 6])).toBeCloseTo(1, 10);
  expect(rankCorrelation([1, 2, 3, 4, 5], [5, 6, 7, 8, 7])).toBeCloseTo(0.8207826816681233, 10); // scipy.stats.spearmanr
  expect(() => rankCorrelation([1, 1], [1, 2])).toThrow("neither may hold one number only");
});

it("ranks no NaN, for which it would look without end", () => {
  const some = [1, Number.NaN, 3];
  for (const call of [
    () => rankCorrelation(some, [1, 2, 3]),
    () => rankCorrelation([1, 2, 3], Float64Array.from(some)),
    () => auroc(some, [true, false, true]),
  ]) {
    // biome-ignore format: one line
    expect(call).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  }
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

  it("loses with an edge of the whole model what that edge is worth, and lacks nothing", async () => {
    const whole = { ...question, keep: 1, fractions: [0, 1], random: 0, minimality: 7, completeness: 4 }; // biome-ignore format: one object
    const { tables } = await findCircuit(model, pair, whole);
    const exact = await edgeAttribution(model, pair, {
      answer: 3,
      wrongAnswer: 8,
      scoring: "exact",
    });
    const [{ clean, corrupted }] = tables.baselines.rows;
    expect(tables.minimality.rows).toHaveLength(7);
    for (const { source, destination, loss } of tables.minimality.rows) {
      const edge = exact.tables.edges.rows.find((one) => one.source === source && one.destination === destination)!; // biome-ignore format: one line
      expect(loss * (clean - corrupted)).toBeCloseTo(edge.score, 4);
    }
    expect(tables.completeness.rows).toHaveLength(4);
    for (const { gap } of tables.completeness.rows) expect(gap).toBeCloseTo(0, 4);
  });

  it("ablates by means: of one prompt the mean of each position is the prompt itself", async () => {
    const found = (ablation: "patch" | "position-mean") => findCircuit(model, pair, { ...question, ablation }); // biome-ignore format: one call
    const [patched, mean] = [await found("patch"), await found("position-mean")];
    mean.tables.sizes.rows.forEach(({ faithfulness, without }, at) => {
      expect(faithfulness).toBeCloseTo(patched.tables.sizes.rows[at].faithfulness, 5);
      expect(without).toBeCloseTo(patched.tables.sizes.rows[at].without, 5);
    });
  });

  it("ablates by zero and by the mean: what was computed by hand takes the place of the other run", async () => {
    const { pairs } = resolvePairs(model, { clean: [pair.clean, [1, 2, 3]], corrupted: [pair.corrupted, [1, 9, 3]] }, { answer: 3, wrongAnswer: 8 }); // biome-ignore format: one call
    const graph = await graphOf(model, pair.clean);
    const some = edgeSet(graph);
    edgesOf(graph).forEach(({ index }, at) => {
      some[index] = at % 3 === 0 ? 1 : 0;
    });
    const runs = await Promise.all([pair.clean, [1, 2, 3], pair.corrupted, [1, 9, 3]].map((ids) => outputsOf(model, [ids], graph))); // biome-ignore format: one line
    const others = [runs[2], runs[3]].map(({ writes }) => writes);
    const sums = others.map((writes) => mx.sum(writes, [0, 2], true));
    const mean = mx.divide(mx.add(sums[0], sums[1]), 5 + 3);
    for (const ablation of ["mean", "zero"] as const) {
      const judged = await judgeEdges({ model, graph, pairs, metric: "logitDifference", batchSize: 4, ablation }, [some, edgeSet(graph, true)]); // biome-ignore format: one call
      for (const one of [0, 1]) {
        const other = ablation === "zero" ? mx.zerosLike(others[one]) : mx.broadcastTo(mean, others[one].shape); // biome-ignore format: one choice
        const batch = { model, graph, ids: [pairs[one].clean.ids], clean: runs[one], corrupted: { ...runs[one], writes: other } }; // biome-ignore format: one object
        const lead = (logits: MxArray) =>
          mx.subtract(logits.index("...", 3), logits.index("...", 8));
        const [expected] = toFlat(await runEdges(batch, [{ pair: 0, corrupted: some }], lead));
        expect(judged[0][one]).toBeCloseTo(Number(expected), 4);
      }
      if (ablation === "zero")
        expect(judged[1]).toEqual([0, 0].map((value) => expect.closeTo(value, 5))); // nothing is read, and there are no biases
    }
  });

  it("takes the same random circuits for the same seed, and others for another", async () => {
    const runs = [0, 0, 1].map((seed) => findCircuit(model, pair, { ...question, seed }));
    const [first, again, other] = (await Promise.all(runs)).map(({ tables }) => tables.sizes.rows[1].randomMean); // biome-ignore format: one line
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });
});

describe("how edges are chosen", () => {
  const wiring = config.layers.map(({ attention }) => ({ ...attention, parallel: false }));
  const graph = componentGraph(model, wiring);
  const random = (seed: number) => {
    const values = new Float64Array(graph.sources.length * graph.destinations.length);
    edgesOf(graph).forEach(({ index }, at) => {
      values[index] = Math.sin(1 + at * (7 + seed)) * (1 + (at % 5));
    });
    return values;
  };

  it("greedily: every edge leads to the logits, and each is the strongest of those that then did", () => {
    const scores = random(1);
    const choose = chooserOf(graph, [scores], "greedy");
    for (const count of [1, 5, 20, graph.edges]) {
      const edges = choose(count);
      expect(edges).toHaveLength(count);
      const open = new Set(["logits"]);
      const nodeOf = (name: string) => name.replace(/<.>$/, "");
      const shared = (reader: string) => nodeOf(reader).replace(/kv\d+$/, "");
      for (const { source, destination } of edges) {
        const reader = graph.destinations[destination].name;
        const isOpen = [...open].some((one) => one === nodeOf(reader) || (reader.includes("kv") && one.startsWith(shared(reader)))); // biome-ignore format: one line
        expect(isOpen, reader).toBe(true);
        open.add(graph.sources[source].name);
      }
    }
    const [first] = choose(1);
    const toLogits = edgesOf(graph).filter(({ destination }) => graph.destinations[destination].kind === "logits"); // biome-ignore format: one line
    expect(Math.abs(scores[first.index])).toBe(Math.max(...toLogits.map(({ index }) => Math.abs(scores[index])))); // biome-ignore format: one line
  });

  it("by what is positive first: a share of the circuit speaks for the answer", () => {
    const scores = random(2).map((value) => value - 2); // few are positive, and those are weak
    const edges = chooserOf(graph, [scores], "ratio", 0.75)(8);
    expect(new Set(edges.map(({ index }) => index)).size).toBe(8);
    const positive = edges.filter(({ index }) => scores[index] > 0);
    expect(positive).toHaveLength(6);
    const best = edgesOf(graph).map(({ index }) => scores[index]).sort((a, b) => b - a).slice(0, 6); // biome-ignore format: one line
    expect(positive.map(({ index }) => scores[index]).sort((a, b) => b - a)).toEqual(best);
  });

  it("by draws of the pairs: what has one sign in all of them stands before what is strong in one", () => {
    const [a, b, c] = edgesOf(graph);
    const byPair = Array.from({ length: 6 }, (_, pair) => {
      const scores = new Float64Array(graph.sources.length * graph.destinations.length);
      scores[a.index] = pair === 0 ? 30 : -1; // the mean is 4.2, but no sign is sure
      scores[b.index] = 1 + pair / 10;
      scores[c.index] = -0.5;
      return scores;
    });
    const names = (selection: Selection) => chooserOf(graph, byPair, selection)(2).map(({ index }) => index); // biome-ignore format: one line
    expect(names("top")).toEqual([a.index, b.index]);
    expect(names("bootstrap")).toEqual([b.index, c.index]);
    expect(() => chooserOf(graph, byPair.slice(0, 1), "bootstrap")).toThrow("several pairs");
  });
});

/** Where heads share keys (llama), an edge here is several there, and so are circuits others. */
describe.each(sweep(["gpt2", "sort-gpt2"], 1))("the peer's circuits of %s", (name) => {
  const there = hasMethodCase("edge-attribution", name);
  it.skipIf(!there)("are as faithful at every size, and the same after pruning", async () => {
    const reference = openMethodCase("edge-attribution", name);
    const opened = await modelOfCase("edge-attribution", name);
    const { pairs } = resolvePairs(opened, reference.pairs, reference.question);
    const graph = await graphOf(opened, pairs[0].clean.ids);
    const { fractions } = reference.about as { fractions: number[] };
    for (const scores of ["EAP", "EAP-IG-inputs"]) {
      const given = reference.numbers(`scores.${scores}`);
      const choose = chooserOf(graph, [Float64Array.from(given)], "top");
      const sets = fractions.map((share) => setOf(graph, choose(Math.floor(share * graph.edges + 1e-9)))); // biome-ignore format: one line
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
      const left = sets.map((set) => pruned(graph, set));
      expect(left.map(sizeOf)).toEqual(reference.numbers(`edges_kept.${scores}`));
      expect(left.flatMap((set) => [...set])).toEqual(reference.numbers(`circuits.${scores}`));
      const { cpr, cmd } = circuitAreas(fractions, kept);
      const [area, distance] = reference.numbers(`cpr_cmd.${scores}`);
      expect(Math.max(Math.abs(cpr - area), Math.abs(cmd - distance))).toBeLessThan(1e-4);
    }
  });
});

it.each(
  sweep(
    ["stories15M"].filter((name) => hasMethodCase("edge-attribution", name)),
    0,
  ),
)("the peer's circuits of %s are as faithful at three sizes", async () => {
  const reference = openMethodCase("edge-attribution", "stories15M");
  const opened = await modelOfCase("edge-attribution", "stories15M");
  const { pairs } = resolvePairs(opened, reference.pairs, reference.question);
  const graph = await graphOf(opened, pairs[0].clean.ids);
  const { fractions } = reference.about;
  const choose = chooserOf(graph, [Float64Array.from(reference.numbers("scores.EAP-IG-inputs"))], "top"); // biome-ignore format: one line
  const shares = [0.02, 0.05, 0.1];
  const runs = shares.map((share) => complement(graph, setOf(graph, choose(Math.floor(share * graph.edges + 1e-9))))); // biome-ignore format: one line
  const judged = await judgeEdges({ model: opened, graph, pairs, metric: "logitDifference", batchSize: 8 }, runs); // biome-ignore format: one call
  const [[clean], [corrupted]] = ["metric_clean", "metric_corrupted"].map(reference.numbers);
  const expected = reference.numbers("faithfulness.EAP-IG-inputs");
  judged.forEach((values, at) => {
    const kept = (values.reduce((sum, value) => sum + value, 0) / values.length - corrupted) / (clean - corrupted); // biome-ignore format: one line
    expect(Math.abs(kept - expected[fractions.indexOf(shares[at])])).toBeLessThan(1e-4);
  });
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
