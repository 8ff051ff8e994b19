/** Attribution graphs against circuit-tracer's own, and against what really happens when a feature is changed. */
import { readFileSync } from "node:fs";
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { loadModel } from "@mlxterp/models";
import { parseOptions } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import { loadTranscoders } from "../loading/load.js";
import {
  caseFacts,
  casePath,
  casesAreHere,
  caseValues,
  excess,
  sharedPath,
} from "../testing/reference.js";
import { adjacencyOf, logitTargets, targetsAtOnce } from "./adjacency.js";
import { attributionGraph } from "./attribution-graph.js";
import { edgeBetween } from "./edges.js";
import { graphInfluence, pruneGraph } from "./influence.js";
import { graphOptions } from "./options.js";
import { replacementOf } from "./replacement.js";
import { viewerGraph } from "./viewer.js";

const near = { atol: 2e-4, rtol: 2e-4 };

describe.runIf(casesAreHere).each([
  ["graph-plt", "data/models/stories260K"],
  ["graph-plt-skip", "data/models/stories260K"],
  ["graph-clt", "data/models/stories260K"],
  ["graph-gemma2", "reference/families/gemma2"],
])("%s", (name, folder) => {
  it("has the nodes, edges, scores and what is kept of circuit-tracer", async () => {
    const model = await loadModel(sharedPath(folder));
    const transcoders = loadTranscoders(casePath(name, "transcoders"));
    const values = caseValues(name);
    const facts = caseFacts(name);
    const ids = [...toFlat(values.input_tokens)];
    const { max_n_logits: logits, desired_logit_prob: probability } = facts.options;
    const asked = parseOptions("test", graphOptions, { logits, probability, batchSize: 32 });
    const replacement = await replacementOf(model, transcoders, ids);
    const targets = logitTargets(replacement.logits, asked);
    const graph = await adjacencyOf(transcoders, replacement, targets, asked);
    expect(
      graph.features.map(({ layer, position, feature }) => [layer, position, feature]),
    ).toEqual(values.active_features.tolist());
    expect(targets.map(({ id }) => id)).toEqual([...toFlat(values.logit_token_ids)]);
    expect(
      excess(mx.stack([...replacement.errors]), values.error_vectors, near),
    ).toBeLessThanOrEqual(0);
    const expected = toFlat(values.adjacency_matrix);
    let off = 0;
    expected.forEach((_, at) => {
      const value = edgeBetween(graph, Math.floor(at / graph.nodes), at % graph.nodes);
      off = Math.max(off, Math.abs(value - expected[at]) - 2e-4 * Math.abs(expected[at]));
    });
    expect(off).toBeLessThan(2e-4);
    const found = graphInfluence(graph);
    const within = (own: Float64Array, theirs: MxArray) => {
      const difference = [...toFlat(theirs)].map((value, at) => Math.abs(own[at] - value));
      expect(Math.max(...difference)).toBeLessThan(1e-4);
    };
    within(found.influence, values.node_influence);
    within(found.cumulative, values.cumulative_scores);
    const chances = targets.map(({ probability: one }) => one);
    within(Float64Array.from(chances), values.logit_probabilities);
    const sizes = graph.features.map(({ activation }) => activation);
    within(Float64Array.from(sizes), values.activation_values);
    expect(found.replacement).toBeCloseTo(facts.replacement_score, 4);
    expect(found.completeness).toBeCloseTo(facts.completeness_score, 4);
    for (const [shares, counts] of Object.entries(facts.prune)) {
      const [nodeShare, edgeShare] = shares.split("/").map(Number);
      const kept = pruneGraph(graph, found, { nodeShare, edgeShare });
      const mask = [...toFlat(values[`prune_${nodeShare}_${edgeShare}.node_mask`])];
      expect([...kept.nodes]).toEqual(mask);
      let edges = 0;
      expected.forEach((_, at) => {
        edges += kept.keeps(Math.floor(at / graph.nodes), at % graph.nodes) ? 1 : 0;
      });
      expect(edges).toBe((counts as { edges: number }).edges);
      const pairs = values[`prune_${nodeShare}_${edgeShare}.edges_target_source`].tolist();
      for (const [target, source] of pairs as number[][]) {
        expect(kept.keeps(target, source)).toBe(true);
      }
    }
  });
});

describe.runIf(casesAreHere)("the viewer's JSON", () => {
  it.each(["graph-plt", "graph-plt-skip", "graph-clt"])(
    "has the nodes and links of the published one: %s",
    async (name) => {
      const model = await loadModel(sharedPath("data/models/stories260K"));
      const ids = [...toFlat(caseValues(name).input_tokens)];
      const { max_n_logits: logits, desired_logit_prob: probability } = caseFacts(name).options;
      const options = { transcoders: casePath(name, "transcoders"), logits, probability };
      const [result] = await attributionGraph(model, ids, options);
      const own = viewerGraph(result, { slug: name, scan: name });
      const theirs = JSON.parse(readFileSync(casePath(name, "graph", `${name}.json`), "utf8"));
      expect(own.qParams).toEqual(theirs.qParams);
      expect({ ...own.metadata, prompt: "", prompt_tokens: [] }).toEqual({
        ...theirs.metadata,
        prompt: "",
        prompt_tokens: [],
      });
      const key = ({ node_id, feature_type }: Record<string, unknown>) =>
        `${feature_type} ${node_id}`;
      const byKey = new Map(own.nodes.map((node) => [key(node), node]));
      expect([...byKey.keys()].sort()).toEqual(theirs.nodes.map(key).sort());
      for (const node of theirs.nodes) {
        const found = byKey.get(key(node))!;
        for (const [field, value] of Object.entries(node)) {
          if (field === "clerp") continue; // of another tokenizer's spelling
          if (typeof value === "number") expect(Number(found[field]), field).toBeCloseTo(value, 3);
          else expect(found[field], field).toEqual(value);
        }
      }
      const nonzero = theirs.links.filter(({ weight }: { weight: number }) => weight !== 0);
      expect(own.links).toHaveLength(nonzero.length);
    },
  );
});

it("draws nodes as one in the viewer, and refuses those that a graph does not have", async () => {
  const tiny = await loadModel("tiny");
  const [graph] = await attributionGraph(tiny, "the capital of France is", { maxFeatures: 12 });
  const ids = graph.tables.nodes.rows.map(({ id }) => id);
  const [error] = ids.filter((id) => id.startsWith("error_"));
  const { qParams } = viewerGraph(graph, {
    supernodes: { places: [ids[0], ids[1]], rest: [error] },
  });
  const [, layer, position] = error.split("_");
  const theirs = `0_${layer}_${position}`; // errors have another name there
  expect(qParams.supernodes).toEqual([
    ["places", ids[0], ids[1]],
    ["rest", theirs],
  ]);
  expect(qParams.pinnedIds).toEqual([ids[0], ids[1], theirs]);
  const wrong = { supernodes: { places: [`${ids[0]}0`] } };
  expect(() => viewerGraph(graph, wrong)).toThrow("the graph has no such node");
});

describe("a graph of the model that ships", () => {
  it("adds up: what reaches a feature, with its bias, is what the feature is before it is chosen", async () => {
    const tiny = await loadModel("tiny");
    const transcoders = loadTranscoders("tiny");
    const [ids] = tiny.tokens("the capital of France is").ids;
    const replacement = await replacementOf(tiny, transcoders, ids);
    const asked = parseOptions("test", graphOptions, { logits: 2 });
    const targets = logitTargets(replacement.logits, asked);
    const { edges, nodes, features } = await adjacencyOf(transcoders, replacement, targets, asked);
    expect(features.length).toBeGreaterThan(20);
    for (const [node, { layer, position, feature, activation }] of features.entries()) {
      if (layer > 0) continue; // later layers are told of the biases of earlier ones too, which are no nodes
      const sum = edges
        .subarray(node * nodes, (node + 1) * nodes)
        .reduce((all, value) => all + value, 0);
      const bias = Number(transcoders.encoderBias(layer).index(feature).item());
      expect(sum + bias, `${layer} ${position} ${feature}`).toBeCloseTo(activation, 3);
    }
  });

  it("chooses those features first that matter most, where not all may be nodes", async () => {
    const tiny = await loadModel("tiny");
    const prompt = "the capital of France is";
    const [all] = await attributionGraph(tiny, prompt, { nodeShare: 1, edgeShare: 1 });
    const [few] = await attributionGraph(tiny, prompt, {
      maxFeatures: 20,
      nodeShare: 1,
      edgeShare: 1,
      batchSize: 2,
    });
    expect(few.tables.scores.rows[0].features).toBe(20);
    expect(few.notes.map(({ code }) => code)).toContain("FEATURES_LEFT_OUT");
    const strongest = all.tables.nodes.rows
      .filter(({ kind }) => kind === "feature")
      .sort((a, b) => b.influence! - a.influence!)
      .slice(0, 8);
    const chosen = new Set(few.tables.nodes.rows.map(({ id }) => id));
    expect(strongest.filter(({ id }) => chosen.has(id)).length).toBeGreaterThanOrEqual(6);
  });

  /** All pairs of nodes were kept, and a pass took as many targets of a long prompt as of a short one. */
  it("takes no more memory than what is kept: a row for each target, and passes of one size", async () => {
    const tiny = await loadModel("tiny");
    const transcoders = loadTranscoders("tiny");
    const [ids] = tiny.tokens("Mary and John went to the park . John gave a ball to").ids;
    const asked = parseOptions("test", graphOptions, { maxFeatures: 30, batchSize: 4 });
    const replacement = await replacementOf(tiny, transcoders, ids);
    const targets = logitTargets(replacement.logits, asked);
    const graph = await adjacencyOf(transcoders, replacement, targets, asked);
    expect(graph.nodes).toBe(30 + 5 * ids.length + targets.length);
    expect(graph.edges.byteLength).toBe(4 * (30 + targets.length) * graph.nodes);
    for (const length of [20, 2_300, 100_000]) {
      const rows = targetsAtOnce(64, length, { embeddings: mx.zeros([1, 288]) });
      expect(rows === 1 || 4 * rows * length * 288 <= 2 ** 25).toBe(true);
    }
  });

  it("refuses transcoders of another model", async () => {
    const tiny = await loadModel("tiny");
    if (!casesAreHere) return;
    const other = attributionGraph(tiny, "the", {
      transcoders: casePath("graph-plt", "transcoders"),
    });
    await expect(other).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});
