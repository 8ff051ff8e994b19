/** Which heads carried an edge, against a model held by hand in which a source is changed while all heads but some are held. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { type LanguageModel, loadModel } from "@mlxterp/models";
import { parseOptions } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import { loadTranscoders } from "../loading/load.js";
import { frozenSites, transcoderPlaces } from "../transcoders/places.js";
import type { Transcoders } from "../transcoders/transcoder-set.js";
import { adjacencyOf } from "./adjacency.js";
import { attributionGraph } from "./attribution-graph.js";
import { edgeBetween } from "./edges.js";
import { headLoadings, strongestBetween } from "./head-loadings.js";
import { bordersOf } from "./influence.js";
import { graphOptions } from "./options.js";
import { replacementOf } from "./replacement.js";
import { graphView } from "./view.js";

const tiny = (await loadModel("tiny")) as LanguageModel;
const prompt = "the capital of France is";
const [ids] = tiny.tokens(prompt).ids;

type Live = (layer: number, head: number) => boolean;

/**
 * A model in which patterns, denominators, outputs of MLPs and what dead heads mix are what they were; where an embedding is longer by its
 * own length, which is by how much one that is not there would differ. What a site then reads, less what it read.
 */
async function changeAt(
  transcoders: Transcoders,
  { token, layer }: { readonly token: number; readonly layer: number | "logits" },
  live: Live,
): Promise<MxArray> {
  const { reads, writes } = transcoderPlaces(tiny, transcoders);
  const { patterns, scales } = frozenSites(tiny);
  const mixes = patterns.map((site) => site.replace(/pattern$/, "z"));
  const site = layer === "logits" ? "rawLogits" : reads[layer];
  using clean = await tiny.run([ids], {
    save: [...patterns, ...scales, ...writes, ...mixes, "embedTokens", site],
  });
  const interventions: Record<string, (value: MxArray) => MxArray> = {};
  for (const held of [...patterns, ...scales, ...writes]) {
    const value = clean.get(held);
    interventions[held] = () => value;
  }
  mixes.forEach((held, at) => {
    const value = clean.get(held); // (batch, position, heads, headDim)
    const mask = Array.from({ length: value.shape[2] }, (_, head) => (live(at, head) ? 1 : 0));
    const through = mx.array(mask).reshape([1, 1, mask.length, 1]);
    interventions[held] = (z) => mx.where(mx.equal(through, 1), z, value);
  });
  interventions.embedTokens = (x) => {
    const places = mx.arange(0, ids.length, 1, mx.int32).reshape([1, ids.length, 1]);
    return mx.where(mx.equal(places, token), mx.multiply(x, 2), x);
  };
  using changed = await tiny.run([ids], { save: site, interventions });
  return mx.subtract(changed.get(site), clean.get(site)).index(0);
}

async function graphOf(transcoders: Transcoders) {
  const replacement = await replacementOf(tiny, transcoders, ids);
  const asked = parseOptions("test", graphOptions, { batchSize: 16 });
  const [id] = [Number(mx.argmax(replacement.logits, 0).item())];
  const targets = [{ id, probability: 1 }];
  const graph = await adjacencyOf(transcoders, replacement, targets, asked);
  return { replacement, graph, asked, id };
}

describe("head loadings", () => {
  it("are what a token still does through one head alone, without it, and through none", async () => {
    const transcoders = loadTranscoders("tiny");
    const { replacement, graph, asked, id } = await graphOf(transcoders);
    const borders = bordersOf(graph);
    const ofTokens = strongestBetween(graph, () => true, 2000);
    const fromTokens = ofTokens.filter(
      ({ source }) => source >= borders.tokens && source < borders.logits,
    );
    const wanted = [
      fromTokens.find(({ target }) => target >= borders.logits)!,
      fromTokens.find(({ target }) => graph.features[target]?.layer === 3)!,
      fromTokens.find(({ target }) => graph.features[target]?.layer === 1)!,
    ];
    const found = await headLoadings(transcoders, replacement, graph, wanted, asked);
    for (const [number, edge] of found.entries()) {
      const token = edge.source - borders.tokens;
      const own = graph.features[edge.target];
      const layer = own?.layer ?? "logits";
      const said = async (live: Live) => {
        const change = await changeAt(transcoders, { token, layer }, live);
        const at = change.index(own?.position ?? ids.length - 1);
        if (!own) return Number(mx.subtract(at.index(id), mx.mean(at)).item());
        const row = transcoders.encoderRows(own.layer).index(own.feature);
        return Number(mx.sum(mx.multiply(at, row)).item());
      };
      const whole = edgeBetween(graph, edge.target, edge.source);
      expect(edge.weight).toBeCloseTo(whole, 4);
      expect(await said(() => true)).toBeCloseTo(whole, 3);
      expect(edge.direct).toBeCloseTo(await said(() => false), 3);
      const alone = edge.heads.reduce((sum, one) => sum + one.alone, 0);
      expect(edge.direct + alone + edge.several).toBeCloseTo(whole, 5);
      const [strongest] = [...edge.heads].sort((a, b) => Math.abs(b.alone) - Math.abs(a.alone));
      for (const head of number === 0 ? edge.heads.slice(0, 3) : [strongest]) {
        const same: Live = (at, one) => at === head.layer && one === head.head;
        expect(head.alone).toBeCloseTo((await said(same)) - edge.direct, 3);
        const others = await said((at, one) => !same(at, one));
        expect(head.without).toBeCloseTo(whole - others, 3);
      }
      expect(Math.abs(strongest.alone)).toBeGreaterThan(1e-3);
    }
  });

  it("stand in the graph where they are asked for, and in what is shown of it", async () => {
    const [plain] = await attributionGraph(tiny, prompt, { maxFeatures: 12 });
    expect([plain.tables.routes.rows, plain.tables.heads.rows]).toEqual([[], []]);
    const [graph] = await attributionGraph(tiny, prompt, { maxFeatures: 12, loadings: 3 });
    const { routes, heads, edges } = graph.tables;
    expect(routes.rows).toHaveLength(3);
    for (const { source, target, weight, several } of routes.rows) {
      const edge = edges.rows.find((one) => one.source === source && one.target === target);
      expect(weight).toBeCloseTo(edge!.weight, 4);
      const own = heads.rows.filter((one) => one.source === source && one.target === target);
      const alone = own.reduce((sum, one) => sum + one.alone, 0);
      expect(alone + several).toBeCloseTo(weight, 4);
    }
    const captions = graphView(graph).map((block) => "caption" in block && block.caption);
    expect(captions).toContain("Heads that carried edges");
  });
});
