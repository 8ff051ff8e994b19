/** Scores of edges: each run by itself with interventions by hand, slopes of ever smaller steps, and what other programs computed. */
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import {
  Decoder,
  type DecoderConfig,
  initializeWeights,
  LanguageModel,
  listParameters,
  setParameters,
} from "@mlxterp/models";
import { beforeAll, describe, expect, it } from "vitest";
import { type RunPairs, runEdges } from "../graph/edge-runs.js";
import { type Destination, type Edge, edgeSet, edgesOf } from "../graph/graph.js";
import { graphOf } from "../graph/graph-of.js";
import { outputsOf } from "../graph/outputs.js";
import { ownersOf } from "../graph/prune.js";
import { restOf } from "../graph/rest.js";
import { gpt2Like, llamaLike } from "../shared/test-support.js";
import {
  hasMethodCase,
  type MethodCase,
  modelOfCase,
  openMethodCase,
} from "../testing/method-cases.js";
import { sweep } from "../testing/sweeps.js";
import { edgeAttribution } from "./edge-attribution.js";
import { readGradients } from "./read-gradients.js";
import type { EdgeRow } from "./result.js";
import { scoreEdges } from "./score-edges.js";

function randomModel(config: DecoderConfig, seed = 11): LanguageModel {
  const decoder = initializeWeights(new Decoder(config), { seed, deviation: 0.35 });
  const norms = [...listParameters(decoder)].filter(([path]) => /norm\.weight$/i.test(path));
  const uneven = norms.map(([path, { shape }], at) => {
    return [path, mx.random.uniform(0.5, 1.5, shape, mx.float32, mx.random.key(at))] as const;
  });
  setParameters(decoder, uneven);
  return new LanguageModel(decoder, { config });
}

const clean = [5, 17, 2, 25, 9];
const corrupted = [5, 30, 2, 17, 9];
const question = { answer: 3, wrongAnswer: 8 };
const lead = (logits: ArrayLike<number>) => logits[question.answer] - logits[question.wrongAnswer];
const norm = { kind: "rms" as const, epsilon: 1e-5, bias: false };
const two = llamaLike.layers.slice(0, 2).reverse();
const sandwich = two.map((layer) => ({ ...layer, attention: { ...layer.attention, postNorm: norm }, mlp: { ...layer.mlp, postNorm: norm } })); // biome-ignore format: one list
const latent = { queryRank: 10, keyValueRank: 9, rotaryDim: 4, valueDim: 5, norm };
const narrow = { heads: 4, kvHeads: 4, headDim: 6, scale: 0.4, qkvBias: false, outputBias: false, rope: { dims: 4, base: 10_000, interleaved: true }, latent }; // biome-ignore format: one object
const configs: [string, DecoderConfig][] = [
  ["Llama", { ...llamaLike, layers: two }],
  ["Gemma 2, which normalises what it adds", { ...llamaLike, layers: sandwich }],
  ["GPT-J, with one norm for both", { ...llamaLike, layers: two.map(({ inputNorm, attention, mlp }) => ({ inputNorm, attention, mlp, parallel: true })) }], // biome-ignore format: one row
  ["GPT-2", { ...gpt2Like, layers: gpt2Like.layers.slice(0, 2) }],
  ["OLMo 2, which reads the stream itself", { ...llamaLike, layers: sandwich.map(({ attention, mlp }) => ({ attention, mlp })) }], // biome-ignore format: one row
  ["DeepSeek V3, with latent attention", { ...llamaLike, layers: two.map((layer) => ({ ...layer, attention: narrow })) }], // biome-ignore format: one row
];

const sites: Readonly<Record<string, string>> = {
  query: "qInput",
  key: "kInput",
  value: "vInput",
  attention: "inputNorm.input",
  mlp: "postAttentionNorm.input",
};

/** A norm written down, with the weight that the model has. */
function rms(model: LanguageModel, layer: number, x: MxArray): MxArray {
  const weight = [...listParameters(model.module)].find(([path]) => path === `layers.${layer}.inputNorm.weight`)![1]; // biome-ignore format: one line
  const scale = mx.sqrt(mx.add(mx.mean(mx.square(x), -1, true), 1e-5));
  return mx.multiply(mx.divide(x, scale), weight);
}

/** The clean run with one sum changed by hand: at one site, and one head of it. */
async function oneEdge(model: LanguageModel, change: MxArray, to: Destination): Promise<number> {
  const { layers } = model.anatomy;
  if (to.kind === "mlp" && !model.module.layers[to.layer].postAttentionNorm) {
    const stream = await model.run([clean], { save: `layers.${to.layer}.input` });
    const before = stream.get(`layers.${to.layer}.input`);
    const shared = model.module.layers[to.layer].inputNorm;
    const moved = (x: MxArray) => (shared ? rms(model, to.layer, mx.add(before, change)) : mx.add(x, change)); // biome-ignore format: one choice
    const run = await model.run([clean], { interventions: { [`layers.${to.layer}.mlp.input`]: moved } }); // biome-ignore format: one call
    return lead(toFlat(run.last("output")));
  }
  const site =
    to.kind === "logits" ? `layers.${layers - 1}` : `layers.${to.layer}.${sites[to.kind]}`;
  const add = (x: MxArray) => {
    if (to.head === null) return mx.add(x, change);
    const heads = Array.from({ length: x.shape[2] }, (_, head) => {
      const own = x.index(mx.Slice(), mx.Slice(), head);
      return mx.expandDims(head === to.head ? mx.add(own, change) : own, 2);
    });
    return mx.concatenate(heads, 2);
  };
  const run = await model.run([clean], { interventions: { [site]: add } });
  return lead(toFlat(run.last("output")));
}

describe.each(sweep(configs, 3))("edges of a model like %s", (_, config) => {
  const model = randomModel(config);
  const pair = { clean, corrupted };
  let runs: Awaited<ReturnType<typeof bothRuns>>;
  const bothRuns = async () => {
    const graph = await graphOf(model, clean, "any");
    const [own, other] = [
      await outputsOf(model, [clean], graph),
      await outputsOf(model, [corrupted], graph),
    ];
    return { model, graph, ids: [clean], clean: own, corrupted: other };
  };
  const metric = (logits: MxArray) =>
    mx.subtract(logits.index("...", question.answer), logits.index("...", question.wrongAnswer));

  beforeAll(async () => {
    runs = await bothRuns();
  });

  it("are exact where each is one run with an intervention written out", async () => {
    const { tables } = await edgeAttribution(model, pair, { ...question, scoring: "exact" });
    const { graph } = runs;
    expect(tables.edges.rows).toHaveLength(graph.edges);
    const [{ clean: whole }] = tables.baselines.rows;
    const change = mx.subtract(runs.corrupted.writes, runs.clean.writes); // (1, source, position, hidden)
    for (const { source, destination } of edgesOf(graph)) {
      const to = graph.destinations[destination];
      const expected = whole - (await oneEdge(model, change.index(mx.Slice(), source), to));
      const row = rowOf(tables.edges.rows, graph.sources[source].name, to.name);
      expect(Math.abs(row.score - expected)).toBeLessThan(2e-5);
    }
  });

  it("are those of single neurons, each a run with its own part of the matrix written out", async () => {
    const options = { ...question, scoring: "exact", neurons: true } as const;
    if (config.layers[0].mlp.postNorm) {
      await expect(edgeAttribution(model, pair, options)).rejects.toMatchObject({
        code: "NOT_A_SUM",
      });
      return;
    }
    const { tables } = await edgeAttribution(model, pair, options);
    const [{ clean: whole }] = tables.baselines.rows;
    const posts = await model.run([clean, corrupted], { save: "layers.*.mlp.post" });
    const neurons = tables.edges.rows.filter(({ source }) => source.includes(".n"));
    expect(neurons.length).toBeGreaterThan(100);
    for (const { source, destination, score } of neurons.filter((_, at) => at % 41 === 0)) {
      const [layer, neuron] = source.match(/\d+/g)!.map(Number);
      const [, matrix] = [...listParameters(model.module)].find(([path]) => path === `layers.${layer}.mlp.downProj.weight`)!; // biome-ignore format: one line
      const post = posts.get(`layers.${layer}.mlp.post`).index("...", mx.Slice(neuron, neuron + 1)); // (2, position, 1)
      const difference = mx.subtract(post.index(mx.Slice(1, 2)), post.index(mx.Slice(0, 1)));
      const change = mx.multiply(difference, matrix.index(mx.Slice(), neuron));
      const to = runs.graph.destinations.find(({ name }) => name === destination)!;
      const expected = whole - (await oneEdge(model, change, to));
      expect(Math.abs(score - expected), `${source} ${destination}`).toBeLessThan(2e-5);
    }
  });

  it("are slopes: what exact runs lose with an ever smaller part of the corrupted run", async () => {
    const { tables } = await edgeAttribution(model, pair, { ...question, scoring: "eap" });
    const { graph } = runs;
    const step = 1e-2;
    const part = (own: MxArray, other: MxArray, share: number) =>
      mx.add(own, mx.multiply(mx.subtract(other, own), share));
    const edges = edgesOf(graph);
    const rows = edges.map(({ index }) => {
      const set = edgeSet(graph);
      set[index] = 1;
      return { pair: 0, corrupted: set };
    });
    const [before, after] = await Promise.all(
      [-step, step].map(async (share) => {
        const writes = part(runs.clean.writes, runs.corrupted.writes, share);
        const near = { ...runs, corrupted: { ...runs.corrupted, writes } };
        return toFlat(await runEdges(near, rows, metric));
      }),
    );
    edges.forEach(({ source, destination }, at) => {
      const [from, to] = [graph.sources[source].name, graph.destinations[destination].name];
      const { score } = rowOf(tables.edges.rows, from, to);
      const slope = (before[at] - after[at]) / (2 * step);
      expect(Math.abs(slope - score)).toBeLessThan(3e-3 * (1 + Math.abs(score))); // of float32 over a step of 0.01
    });
  });

  it("carry relevance that is neither made nor lost, since the norm of each read is held", async (context) => {
    if (config.layers.some(({ inputNorm }) => inputNorm?.kind === "layer")) context.skip(); // biases keep some of it
    const { graph, clean: own } = runs;
    const nothing = { ...own, writes: mx.zerosLike(own.writes) };
    const asked = { steps: 1, signal: undefined };
    const batch = {
      ...runs,
      corrupted: nothing,
      metric,
      metricOf: () => metric,
      baseline: [0],
      asked,
    };
    const [scores] = await scoreEdges(batch, "relp");
    const flow = (of: (edge: Edge) => boolean) => edgesOf(graph).filter(of).reduce((sum, { index }) => sum + scores[index], 0); // biome-ignore format: one line
    graph.sources.forEach((_, component) => {
      const reads = graph.destinations.flatMap((one, at) => (ownersOf(graph, one).includes(component) ? [at] : [])); // biome-ignore format: one line
      const alone = reads.every((at) => ownersOf(graph, graph.destinations[at]).length === 1);
      if (reads.length === 0 || !alone) return;
      const [read, written] = [flow(({ destination }) => reads.includes(destination)), flow(({ source }) => source === component)]; // biome-ignore format: one line
      expect(Math.abs(read - written), graph.sources[component].name).toBeLessThan(1e-4);
    });
    const whole = lead(toFlat((await model.run([clean])).last("output")));
    const end = graph.destinations.length - 1;
    for (const all of [
      flow(({ source }) => source === 0),
      flow(({ destination }) => destination === end),
    ]) {
      // biome-ignore format: one line
      expect(Math.abs(all - whole)).toBeLessThan(1e-4);
    }
  });

  it("are the same without the positions that both prompts begin with, of whichever pair", async () => {
    const { graph } = runs;
    const [ids, others] = [
      [clean, corrupted],
      [corrupted, clean],
    ];
    const [own, other] = [
      await outputsOf(model, ids, graph),
      await outputsOf(model, others, graph),
    ];
    const same = clean.findIndex((id, at) => id !== corrupted[at]);
    const both: RunPairs = { model, graph, ids, clean: own, corrupted: other, same };
    const rest = await restOf(both);
    expect((rest as RunPairs).leftOut?.from).toBe(same);
    const rows = edgesOf(graph).map(({ index }) => {
      const set = edgeSet(graph);
      set[index] = 1;
      return { pair: index % 2, corrupted: set };
    });
    const [whole, parts] = [await runEdges(both, rows, metric), await runEdges(rest, rows, metric)];
    expect(Number(mx.max(mx.abs(mx.subtract(whole, parts))).item())).toBeLessThan(1e-5);
  });

  it("make the corrupted run together, and the clean run without any", async () => {
    const { graph } = runs;
    const { tables } = await edgeAttribution(model, pair, { ...question, scoring: "eap" });
    const rows = [edgeSet(graph, true), edgeSet(graph)].map((set) => ({ pair: 0, corrupted: set }));
    const [all, none] = toFlat(await runEdges(runs, rows, metric));
    const [baseline] = tables.baselines.rows;
    expect(Math.abs(all - baseline.corrupted)).toBeLessThan(1e-5);
    expect(Math.abs(none - baseline.clean)).toBeLessThan(1e-5);
  });

  it("take pairs of different length, each as by itself", async () => {
    const longer = { clean: [1, 2, 3, 4, 5, 6], corrupted: [1, 9, 3, 4, 5, 6] };
    const both = { clean: [clean, longer.clean], corrupted: [corrupted, longer.corrupted] };
    const [first, second, together] = await Promise.all(
      [pair, longer, both].map((input) => edgeAttribution(model, input, question)),
    );
    for (const { source, destination, score } of together.tables.edges.rows) {
      const each = [first, second].map(({ tables }) => rowOf(tables.edges.rows, source, destination).score); // biome-ignore format: one row
      expect(Math.abs(score - (each[0] + each[1]) / 2)).toBeLessThan(1e-5);
    }
  });
});

function rowOf(rows: readonly EdgeRow[], source: string, destination: string): EdgeRow {
  return rows.find((row) => row.source === source && row.destination === destination)!;
}

it("take as what a head adds its part of what was normalised together", async () => {
  const model = randomModel({ ...llamaLike, layers: sandwich });
  const graph = await graphOf(model, clean, "any");
  const { writes } = await outputsOf(model, [clean], graph);
  const of = "layers.1.selfAttn";
  const run = await model.run([clean], { save: [of, `${of}.result`, `${of}.postNorm.scale`] });
  const [, weight] = [...listParameters(model.module)].find(([path]) => path === `${of}.postNorm.weight`)!; // biome-ignore format: one line
  const scale = mx.expandDims(run.get(`${of}.postNorm.scale`), 2);
  const expected = mx.multiply(mx.divide(run.get(`${of}.result`), scale), weight).transpose(0, 2, 1, 3); // biome-ignore format: one line
  const first = 1 + (4 + 1);
  const heads = writes.index(mx.Slice(), mx.Slice(first, first + 4));
  expect(Number(mx.max(mx.abs(mx.subtract(heads, expected))).item())).toBeLessThan(1e-5);
  expect(Number(mx.max(mx.abs(mx.subtract(mx.sum(heads, 1), run.get(of)))).item())).toBeLessThan(1e-5); // biome-ignore format: one line
});

it.each([false, true])(
  "splits what a mixture writes into its experts, inputs weighed %s",
  async (weighsInputs) => {
    const experts = { count: 4, topK: 2, scoring: "softmax", normalized: true, sharedHidden: 12, weighsInputs } as const; // biome-ignore format: one object
    const layers = two.map((layer) => ({ ...layer, mlp: { ...layer.mlp, hidden: 10, experts } }));
    const model = randomModel({ ...llamaLike, layers });
    const asked = { ...question, scoring: "exact", neurons: true } as const;
    const { tables } = await edgeAttribution(model, { clean, corrupted }, asked);
    const [{ clean: whole }] = tables.baselines.rows;
    const { destinations } = await graphOf(model, clean, "any");
    const sites = ["expertIndices", "expertWeights", "downProj", "sharedExpert"].map((site) => `layers.0.mlp.${site}`); // biome-ignore format: one list
    const run = await model.run([clean, corrupted], { save: sites });
    const [chosen, weights, said, shared] = sites.map((site) => run.get(site));
    for (const name of ["e0", "e1", "e2", "e3", "shared"]) {
      const own = mx.equal(chosen, Number(name.slice(1)) || 0);
      const weight = mx.expandDims(weighsInputs ? own : mx.multiply(own, weights), 3);
      const writes = name === "shared" ? shared : mx.sum(mx.multiply(weight, said), 2);
      const change = mx.subtract(writes.index(mx.Slice(1, 2)), writes.index(mx.Slice(0, 1)));
      for (const destination of ["a1.h0<v>", "a1.h2<q>", "m1", "logits"]) {
        const to = destinations.find((one) => one.name === destination)!;
        const { score } = rowOf(tables.edges.rows, `m0.${name}`, destination);
        const expected = whole - (await oneEdge(model, change, to));
        expect(Math.abs(score - expected), `${name} ${destination}`).toBeLessThan(2e-5);
      }
    }
  },
);

it("refuses a model that normalises the stream itself, and says where", async () => {
  const layers = two.map(({ attention, postAttentionNorm, mlp }) => ({ attention, postAttentionNorm, mlp, outputNorm: norm })); // biome-ignore format: one list
  const model = randomModel({ ...llamaLike, layers });
  const asked = edgeAttribution(model, { clean, corrupted }, question);
  await expect(asked).rejects.toMatchObject({ code: "NOT_A_SUM", layer: 0 });
});

it.each([
  ["Gemma", "its attention normalises"],
  ["GPT-J", "its MLP reads what attention reads"],
  ["DeepSeek", "its heads read together"],
])("refuses for path patching models like %s, since %s", async (name, reason) => {
  const [, config] = configs.find(([one]) => one.startsWith(name))!;
  const looking = graphOf(randomModel(config), clean);
  await expect(looking).rejects.toMatchObject({ code: "NOT_A_SUM", layer: 0 });
  await expect(looking).rejects.toThrow(reason);
  await expect(looking).rejects.toThrow("edgeAttribution");
});

describe.each(configs.slice(0, 4))("weighted by where it is decided, %s", (_, config) => {
  it("is the mean of slopes at middles, each as much as the metric moves about it", async () => {
    const model = randomModel(config);
    const graph = await graphOf(model, clean, "any");
    const runs = await Promise.all([clean, corrupted].map((ids) => outputsOf(model, [ids], graph)));
    const [own, other] = runs.map(({ writes }) => writes.index(mx.Slice(), 0));
    const at = (share: number) => ({ "layers.0.input": () => mx.add(other, mx.multiply(mx.subtract(own, other), share)) }); // biome-ignore format: one object
    const metric = (logits: MxArray) => mx.subtract(logits.index("...", question.answer), logits.index("...", question.wrongAnswer)); // biome-ignore format: one line
    const leadAt = async (share: number) => lead(toFlat((await model.run([clean], { interventions: at(share), save: "output" })).get("output").index(0, -1))); // biome-ignore format: one line
    const points = await Promise.all(
      [0.25, 0.75].map(async (share) => {
        const gradients = await readGradients(model, graph, [clean], metric, { interventions: at(share) }); // biome-ignore format: one call
        const weight = Math.abs((await leadAt(share + 0.002)) - (await leadAt(share - 0.002)));
        return { gradients, weight };
      }),
    );
    const [first, second] = points;
    const share = first.weight / (first.weight + second.weight);
    const mean = mx.add(mx.multiply(first.gradients, share), mx.multiply(second.gradients, 1 - share)); // biome-ignore format: one line
    const changes = mx.subtract(runs[0].writes, runs[1].writes);
    const asked = { ...question, scoring: "eap-idg-inputs", steps: 2 } as const;
    const { tables } = await edgeAttribution(model, { clean, corrupted }, asked);
    const largest = Math.abs(tables.edges.rows[0].score);
    for (const { source, destination, score } of tables.edges.rows) {
      const from = graph.sources.findIndex(({ name }) => name === source);
      const to = graph.destinations.findIndex(({ name }) => name === destination);
      const expected = mx.sum(mx.multiply(changes.index(0, from), mean.index(0, to))).item() as number; // biome-ignore format: one line
      expect(Math.abs(score - expected) / largest).toBeLessThan(2e-3); // weights by differences of float32
    }
  });
});

const scorings = [
  ["eap", "EAP"],
  ["eap-ig-inputs", "EAP-IG-inputs"],
  ["eap-ig-activations", "EAP-IG-activations"],
  ["clean-corrupted", "clean-corrupted"],
  ["exact", "exact"],
  ["information-flow", "information-flow-routes.positions_in_input"],
  ["information-flow", "information-flow-routes"],
] as const;

const cases = [
  ["edge-attribution", "gpt2"],
  ["edge-attribution", "llama"],
  ["edge-attribution", "sort-gpt2"],
  ["edge-attribution", "stories15M"],
  ["planted", "gpt2-gate"],
  ["planted", "gpt2-induction"],
] as const;

describe.each(sweep(cases, 2))("against %s of %s, computed in float64", (method, name) => {
  const there = hasMethodCase(method, name);
  it.skipIf(!there)("every scoring that the reference has", async () => {
    const reference = openMethodCase(method, name);
    const model = await modelOfCase(method, name);
    const { heads, kvHeads } = model.anatomy;
    for (const [scoring, key] of scorings) {
      // runs of each edge are long where there are many pairs; what was planted has another test
      if (!reference.has(`scores.${key}`) || (scoring === "exact" && method === "planted")) continue; // biome-ignore format: one rule
      if (name === "stories15M" && key !== "EAP" && key !== "EAP-IG-inputs") continue; // long; the small models have all
      const twice =
        key === "information-flow-routes" && reference.has(`scores.${key}.positions_in_input`);
      if (twice) continue; // without positions, which are a part of the input here
      const { tables } = await edgeAttribution(model, reference.pairs, { ...reference.question, scoring }); // biome-ignore format: one call
      const expected = expectedScores(
        reference,
        key,
        heads / kvHeads,
        scoring !== "information-flow",
      );
      expect(tables.edges.rows.length).toBeGreaterThan(0);
      for (const { source, destination, score } of tables.edges.rows) {
        // keys and values that heads share are one edge here, and one for each head there: only slopes add up
        if (scoring === "exact" && heads !== kvHeads && destination.includes(".kv")) continue;
        const value = expected(source, destination);
        expect(Math.abs(score - value), `${key} ${source} → ${destination}`).toBeLessThan(
          2e-5 * Math.max(1, Math.abs(value)),
        );
      }
    }
  });
});

/** By name; shared keys and values are the sum (or the mean) of those of the heads that share them. */
function expectedScores(reference: MethodCase, key: string, users: number, sums: boolean) {
  const numbers = reference.numbers(`scores.${key}`);
  const { src_nodes, dst_nodes } = reference.about as { src_nodes: string[]; dst_nodes: string[] };
  return (source: string, destination: string) => {
    const shared = /^a(\d+)\.kv(\d+)(<.>)$/.exec(destination);
    const names = shared
      ? Array.from({ length: users }, (_, user) => `a${shared[1]}.h${Number(shared[2]) * users + user}${shared[3]}`) // biome-ignore format: one name each
      : [destination];
    const values = names.map((one) => numbers[src_nodes.indexOf(source) * dst_nodes.length + dst_nodes.indexOf(one)]); // biome-ignore format: one number each
    const sum = values.reduce((total, value) => total + value, 0);
    return sums ? sum : sum / values.length;
  };
}
