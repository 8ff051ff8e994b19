/** Attribution graphs against circuit-tracer's own, and against what really happens when a feature is changed. */
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
import { adjacencyOf, logitTargets } from "./adjacency.js";
import { graphInfluence, pruneGraph } from "./influence.js";
import { graphOptions } from "./options.js";
import { replacementOf } from "./replacement.js";

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
    graph.edges.forEach((value, at) => {
      off = Math.max(off, Math.abs(value - expected[at]) - 2e-4 * Math.abs(expected[at]));
    });
    expect(off).toBeLessThan(2e-4);
    const found = graphInfluence(graph);
    const within = (own: Float64Array, theirs: MxArray) => {
      const difference = [...toFlat(theirs)].map((value, at) => Math.abs(own[at] - value));
      expect(Math.max(...difference)).toBeLessThan(1e-4);
    };
    within(found.influence, values.node_influence);
    expect(found.replacement).toBeCloseTo(facts.replacement_score, 4);
    expect(found.completeness).toBeCloseTo(facts.completeness_score, 4);
    for (const [shares, counts] of Object.entries(facts.prune)) {
      const [nodeShare, edgeShare] = shares.split("/").map(Number);
      const kept = pruneGraph(graph, found, { nodeShare, edgeShare });
      const mask = [...toFlat(values[`prune_${nodeShare}_${edgeShare}.node_mask`])];
      expect([...kept.nodes]).toEqual(mask);
      const edges = kept.edges.reduce((sum, one) => sum + one, 0);
      expect(edges).toBe((counts as { edges: number }).edges);
    }
  });
});
