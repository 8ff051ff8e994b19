/** One call of each kind that hostile calls found wrong, with what it must say, or give. */
import { fileURLToPath } from "node:url";
import {
  activationPatching,
  counterfactuals,
  createTask,
  edgeGraph,
  fromControlVector,
  methods,
  moverHeads,
  rerun,
  storeSimilarity,
} from "@mlxterp/analysis";
import { ActivationCache, integratedGradients, positionsOf, skip } from "@mlxterp/core";
import { writeParquet } from "@mlxterp/data";
import {
  arraySource,
  CrossLayerTranscoder,
  densityHistogram,
  diffCrosscoder,
  evaluateDictionary,
  loadCrosscoder,
  loadDictionary,
  loadTranscoders,
  promptFeatures,
  saveTranscoders,
  topExamples,
  trainCrosscoder,
  trainDictionary,
} from "@mlxterp/dictionaries";
import {
  atPositions,
  interventionsToJSON,
  noise,
  parseInterventions,
  patchFrom,
  scale,
} from "@mlxterp/interventions";
import * as mlx from "@mlxterp/mlx";
import { type MxArray, mx } from "@mlxterp/mlx";
import { FactoredMatrix, KeyValueCache, type LanguageModel, loadModel } from "@mlxterp/models";
import {
  checkBlock,
  createGrid,
  defineMethod,
  divergingAround,
  fieldsOf,
  fromJson,
  MlxterpError,
  rowsToCsv,
  toJson,
  valueAt,
} from "@mlxterp/results";
import { createServer } from "@mlxterp/server";
import { createClient } from "@mlxterp/server/client";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";

let model: LanguageModel;
beforeAll(async () => {
  model = await loadModel("tiny");
});

const dictionary = loadDictionary("tiny");
const transcoders = loadTranscoders("tiny");
const { column, orthonormalize, product } = mlx.hostMatrices;
const matrix = (rows: number, count: number) => ({
  ...{ rows, count },
  values: new Float64Array(rows * count).fill(1),
});
const answering = (fetch: () => unknown) =>
  createClient({ url: "http://localhost", fetch: fetch as never });
const nothing = () => Promise.resolve(new Response("{}"));
const complex = (...shape: number[]) => mx.ones(shape, mx.complex64);
const itself = () => {
  const list: unknown[] = [];
  list.push(list);
  return list;
};
const heat = (scale: object) => ({ kind: "grid", title: "T", rowTitle: "r", columnTitle: "c", legend: "l", rows: ["a"], columns: ["b"], values: [[1]], scale }); // biome-ignore format: one block
const built = <T>(kind: { readonly prototype: T }) => Object.create(kind.prototype as object) as T;

/** What is called, as its message names it, and the words that say what is wrong. */
const refused: Readonly<Record<string, readonly [call: () => unknown, says: string]>> = {
  "truth values among the largest": [() => mlx.topK(mx.ones([1, 2], mx.bool), 1), "x: must hold real numbers, not bool."], // biome-ignore format: one row
  "complex numbers as logits": [() => mlx.logProbabilities(complex(1, 2)), "logits: must hold real numbers, not complex64."], // biome-ignore format: one row
  "another vocabulary": [() => mlx.klDivergence(mx.zeros([2, 4]), mx.zeros([2, 2])), "other: has shape [2, 2], which does not go with [2, 4]."], // biome-ignore format: one row
  "the name of a dtype": [() => mlx.fromFlat(Float32Array.of(1), [1], "float16" as never), "dtype: must be a dtype of mx"], // biome-ignore format: one row
  "an object of the class of dtypes": [() => mlx.isFloating(Object.create(mx.float32) as never), "dtype: must be a dtype of mx"], // biome-ignore format: one row
  "a slice of big integers": [() => mlx.sliceForProduct(mx.ones([2]), { start: 0n, stop: 1n, step: 1n } as never), "slices[0]: must be a slice"], // biome-ignore format: one row
  "a column that is not there": [() => column(matrix(2, 2), 2), "index: there are 2 columns."],
  "more orthogonal columns than rows": [() => orthonormalize(matrix(2, 3)), "no more than 2 can be orthogonal"], // biome-ignore format: one row
  "matrices that do not go together": [() => product(matrix(2, 3), matrix(2, 2)), "right: must have 3 rows, not 2."], // biome-ignore format: one row
  "ids that are no array": [() => model.module.embed([[1]] as never), "ids: must be token ids as integers"], // biome-ignore format: one row
  "what is no residual stream": [() => model.module.unembed(mx.ones([1, 2])), "x: must be of shape […, 128], not [1, 2]."], // biome-ignore format: one row
  "a matrix of another width": [() => new FactoredMatrix(mx.ones([3, 2]), mx.ones([2, 3])).apply(mx.ones([2])), "x: must be of shape […, 3], not [2]."], // biome-ignore format: one row
  "an heir of a cache": [() => model.module.forward(mx.array([[1]], mx.int32), { cache: Object.create(new KeyValueCache()) as KeyValueCache }), "cache: must be what model.createCache() returns"], // biome-ignore format: one row
  "a stand-in for a cache": [() => model.module.forward(mx.array([[1]], mx.int32), { cache: new Proxy(new KeyValueCache(), {}) }), "cache: must be what model.createCache() returns"], // biome-ignore format: one row
  "an address for a file": [
    () => mlx.hashSampled(new URL("http://127.0.0.1:9") as never),
    "path: must be a string",
  ],
  "an heir of a block": [() => checkBlock("block", Object.create({ kind: "text", text: "a" })), "block.kind: must be one of"], // biome-ignore format: one row
  "more pairs than anybody reads": [() => counterfactuals({} as never, "a", { size: 1e9 }), "counterfactuals: size: "], // biome-ignore format: one row
  "pads that are none": [() => new KeyValueCache().copy([-1]), "pads[0]: must be a whole number from 0"], // biome-ignore format: one row
  "no rows of a cache": [() => new KeyValueCache().repeated(0), "rows: must be a whole number from 1"], // biome-ignore format: one row
  "a layer without transcoder": [() => transcoders.skip(9), "Layer 9"],
  "features of another dictionary": [() => dictionary.decode(mx.ones([2, 3])), "features has shape [2, 3] where […, 256] is needed."], // biome-ignore format: one row
  "complex activations": [() => dictionary.encode(complex(1, 128)), "x: must hold real numbers, not complex64."], // biome-ignore format: one row
  "arrays for too few layers": [() => transcoders.decode([], []), "inputs: needs one array for each of"], // biome-ignore format: one row
  "an intervention without a place": [() => scale(2)(mx.ones([1]), undefined as never), "site: must say where the value is"], // biome-ignore format: one row
  "an intervention without a value": [() => scale(2)("x" as never, { site: "layers.0" } as never), "x: must be an array of MLX"], // biome-ignore format: one row
  "a misspelt part of a grid": [() => createGrid({ labels: { layer: [0] }, values: [1], unit: "logits", neutrall: 0 } as never), 'grid: neutrall: there is no such option. Did you mean "neutral"?'], // biome-ignore format: one row
  "a misspelt part of a method": [() => defineMethod({ viw: () => [] } as never), 'Did you mean "view"?'], // biome-ignore format: one row
  "a misspelt part of an edit": [() => model.withEdits([{ name: "a", interventions: {}, nam: 1 } as never]), 'Did you mean "name"?'], // biome-ignore format: one row
  "what no cell of a table holds": [() => rowsToCsv([{ a: { b: 1 } } as never]), "rows[0].a: must be a number, a text, true, false or null, not an object."], // biome-ignore format: one row
  "a symbol as a place": [() => valueAt(createGrid({ labels: { layer: [0] }, values: [1], unit: "logits" }), { layer: Symbol("a") } as never), "Symbol(a) is not there"], // biome-ignore format: one row
  "a prompt as long as memory": [() => positionsOf({ from: 0 }, 2 ** 31 - 1, "the prompt"), "length: must be at most 16777216."], // biome-ignore format: one row
  "a view of bytes that are no numbers": [
    () => densityHistogram(new DataView(new ArrayBuffer(8)) as never),
    "density: must be numbers",
  ],
  "a file that no text names": [() => { throw mlx.fileFailure(Object.assign(new Error("no"), { code: "ENOENT" }), new Proxy({}, { get: () => 7 }) as never); }, "path: must be a string, not an object."], // biome-ignore format: one row
  "a token that no header holds": [() => createClient({ url: "http://localhost", token: "secret\0" }), "token: must be of characters that a header can hold."], // biome-ignore format: one row
  "more of a file than memory holds": [() => mlx.readFilePart(fileURLToPath(import.meta.url), 0, 12e9), "it ends early"], // biome-ignore format: one row
  "options of a method that were never made": [() => defineMethod({ name: "a", title: "A", summary: "a", input: "prompts", options: built(z.ZodObject), run: () => [] } as never), "a zod object"], // biome-ignore format: one row
  "a map that was never made": [() => fromControlVector({ directions: built(Map) as never }), "directions: must be a Map"], // biome-ignore format: one row
  "a stand-in for a map": [() => fromControlVector({ directions: new Proxy(new Map(), {}) }), "directions: must be a Map"], // biome-ignore format: one row
  "a class for a function": [() => mlx.checkFunction("metric", class Hostile {}), "must be a function, not a class."], // biome-ignore format: one row
  "a class of JavaScript's own for a function": [() => mlx.checkFunction("metric", Map), "must be a function, not a class."], // biome-ignore format: one row
  "a stand-in for a class": [() => mlx.checkFunction("metric", new Proxy(class Hostile {}, {})), "must be a function, not a class."], // biome-ignore format: one row
  "a big integer among numbers": [() => divergingAround([1, 10n as never], 0), "values: must be a number"], // biome-ignore format: one row
  "a map of options": [() => loadDictionary("tiny", new Map([["revision", "main"]]) as never), "options: they must be an object."], // biome-ignore format: one row
  "a date for options": [() => noise(new Date(0) as never), "options: they must be an object."], // biome-ignore format: one row
  "a map of interventions": [() => interventionsToJSON(new Map() as never), "must be an object from sites to interventions"], // biome-ignore format: one row
  "inherited interventions": [() => model.edit(Object.create({ "layers.0": scale(0) }) as never), '"layers.0" is inherited'], // biome-ignore format: one row
  "inherited settings": [() => noise(Object.create({ std: 2 }) as never), "noise: std: it is inherited"], // biome-ignore format: one row
  "a skip without a place": [() => skip()(mx.ones([1]), undefined as never), "skip cannot act"],
  "a map as JSON": [() => toJson({ a: new Map([["b", 1]]) }), "the value.a is of the class Map, which JSON cannot hold."], // biome-ignore format: one row
  "interventions of JSON as a map": [() => parseInterventions(new Map()), "must be an object from sites to interventions"], // biome-ignore format: one row
  "positions that are a model that was never built": [() => atPositions(built(model.constructor as never), scale(2)), "positions"], // biome-ignore format: one row
  "a colour scale without an end": [() => checkBlock("block", heat({ kind: "sequential", domain: [0, Number.POSITIVE_INFINITY] })), "domain[1]: must be a finite number, not Infinity."], // biome-ignore format: one row
  "a colour scale around nothing": [() => checkBlock("block", heat({ kind: "diverging", domain: [-1, 1], pivot: Number.NaN })), "pivot: must be a finite number, not NaN."], // biome-ignore format: one row
  "a file that is no name": [() => mlx.readFilePart(new Proxy({}, { get: () => 7 }) as never, 0, 8), "file: must be a string"], // biome-ignore format: one row
  "a list with gaps": [() => mlx.checkList("configs", new Array(2)), "configs: must be a list without gaps; place 0 holds nothing."], // biome-ignore format: one row
  "a stand-in for a pattern of names": [() => model.sites(new Proxy(/layers/, {})), "a site is named by a string or a regular expression"], // biome-ignore format: one row
  "a stand-in for a set of numbers": [() => divergingAround(new Proxy(new Set([1]), {}), 0), "values: must be a list"], // biome-ignore format: one row
  "a list that holds itself": [() => toJson(itself()), "is nested more than 200 deep."],
  "text that is nested without end": [() => fromJson(`${"[".repeat(5000)}${"]".repeat(5000)}`), "is nested more than 200 deep."], // biome-ignore format: one row
  "another indentation": [() => toJson(1, 2n as never), "space: must be a whole number"],
  "an edge from nowhere": [() => edgeGraph("Circuit", [{ source: "", destination: "L1H0", score: 1 }]), "rows[0].source: must be a component"], // biome-ignore format: one row
  "an answer that holds nothing": [() => createTask(model, "mine", [{ clean: "Mary", corrupted: "John", answer: [undefined] as never, wrongAnswer: "John" }]), "answer: must be a token"], // biome-ignore format: one row
  "an argument without a name": [() => mlx.checkTexts(Symbol("a") as never, []), "argument: must be a string"], // biome-ignore format: one row
  "a causal model that is a signal": [() => counterfactuals(built(AbortSignal) as never, "a"), "there is no such option"], // biome-ignore format: one row
  "a schema that was never made": [() => fieldsOf(built(z.ZodObject) as never), "schema"],
};

/** The same of calls that somebody waits for. */
const rejected: Readonly<
  Record<string, readonly [call: () => Promise<unknown>, code: string, says: string]>
> = {
  "a name as long as a book": [() => model.run("Mary", { save: "layers.0".repeat(125_000) as never }), "UNKNOWN_SITE", "layers.0layers.0"], // biome-ignore format: one row
  "a name of underscores": [() => model.run("Mary", { save: "_".repeat(1_000_000) as never }), "UNKNOWN_SITE", "____"], // biome-ignore format: one row
  // biome-ignore format: one table
  "a source that has nothing": [() => model.run("Mary", { save: "output", interventions: { "layers.0": patchFrom(new WeakMap() as never) } }), "INVALID_ARGUMENT", 'source.get("layers.0"): must be an array of MLX'], // biome-ignore format: one row
  "a signal that was never built": [() => moverHeads(model, "Mary and Mary", { answer: "Mary", signal: built(AbortSignal) }), "INVALID_ARGUMENT", "must be an AbortSignal"], // biome-ignore format: one row
  "rows that are none": [() => diffCrosscoder(loadCrosscoder("tiny"), { name: "rows", batches: async function* () { yield {}; } } as never), "INVALID_ARGUMENT", "source.batches: x: must be an array"], // biome-ignore format: one row
  "no model": [
    () => promptFeatures(null as never, "Mary", { dictionary: "tiny" }),
    "INVALID_ARGUMENT",
    "model: must be a model",
  ],
  "a source whose batches are a class": [() => trainDictionary({ name: "rows", batches: class Hostile {} as never }, { features: 4 } as never), "INVALID_ARGUMENT", "source: must be a source"], // biome-ignore format: one row
  "a cache that was never built": [() => integratedGradients(model, [[1, 2]], (logits) => mx.sum(logits), { save: "layers.0", baseline: [[2, 1]], clean: built(ActivationCache) }), "INVALID_PROMPT", "prompt"], // biome-ignore format: one row
  "rows of other sources": [() => trainCrosscoder(arraySource(mx.ones([16, 16])), { features: 16, k: 2, steps: 1, batchSize: 16, architecture: "batchTopK", sources: 3 }), "INVALID_ARGUMENT", "rows of 16 numbers do not fall into so many sources"], // biome-ignore format: one row
  "options that are null": [() => moverHeads(model, "Mary", null as never), "INVALID_ARGUMENT", "they must be an object"], // biome-ignore format: one row
  "no settings of a call": [() => answering(nothing).capabilities(null as never), "INVALID_ARGUMENT", "call: must be an object"], // biome-ignore format: one row
  "less than no context": [() => topExamples(model, dictionary, ["Mary"], { context: -3 }), "INVALID_ARGUMENT", "context: must be a whole number from 0"], // biome-ignore format: one row
  "a run again of a model that was never built": [() => rerun(built(model.constructor as never), methods[0] as never, {} as never), "INVALID_ARGUMENT", "model: must be a model"], // biome-ignore format: one row
  "a table that is a text": [() => writeParquet("none.parquet", "scale(1e999)" as never), "INVALID_ARGUMENT", "table: must be an object"], // biome-ignore format: one row
  "a batch that is a symbol": [() => evaluateDictionary(model, dictionary, ["Mary"], { batchSize: Symbol("a") as never }), "INVALID_ARGUMENT", "batchSize: must be a whole number from 1"], // biome-ignore format: one row
  "transcoders that are none": [() => saveTranscoders({ transcoders: true, sites: transcoders.sites, kind: "per-layer" } as never, "none"), "INVALID_ARGUMENT", "set: must be transcoders"], // biome-ignore format: one row
  "prompts with gaps": [() => moverHeads(model, Object.assign(["Mary and Mary"], { length: 2 }), { answer: "Mary" }), "INVALID_ARGUMENT", "prompts: must be a list without gaps"], // biome-ignore format: one row
  "a metric that fails later": [() => model.gradients("Mary", (async () => { throw new Error("later"); }) as never, { save: "output" }), "INVALID_METRIC", "a Promise"], // biome-ignore format: one row
  "a request that is none": [() => createServer({ methods: [] }).fetch({} as never), "INVALID_ARGUMENT", "request.url: must be a string"], // biome-ignore format: one row
  "a request that was never built": [() => createServer({ methods: [] }).fetch(built(Request)), "INVALID_ARGUMENT", "request: must be a Request"], // biome-ignore format: one row
  "no address outside a page": [() => createClient({ fetch: nothing }).models(), "INVALID_ARGUMENT", "url: is needed outside a page"], // biome-ignore format: one row
  "half a character in an address": [() => answering(nothing).sites("\ud800"), "INVALID_ARGUMENT", "model: must not hold half of a surrogate pair."], // biome-ignore format: one row
  "what JSON cannot hold": [() => answering(nothing).tokens("tiny", 1n as never), "INVALID_ARGUMENT", "request: JSON cannot hold it"], // biome-ignore format: one row
  "what JSON writes otherwise": [() => answering(nothing).generate("tiny", { input: "a", maxTokens: Number.NaN }).next(), "INVALID_ARGUMENT", "JSON cannot hold it (maxTokens is NaN)"], // biome-ignore format: one row
  "how much was dropped, as a big integer": [() => mlx.evaluate([], 1n as never), "INVALID_ARGUMENT", "dropped: must be a number"], // biome-ignore format: one row
  "misspelt spans of a pair": [() => activationPatching(model, { clean: "Mary", corrupted: "John", span: [] } as never, { answer: "a", wrongAnswer: "b" }), "INVALID_ARGUMENT", 'pairs: span: there is no such option. Did you mean "spans"?'], // biome-ignore format: one row
  "a misspelt option of a call": [() => answering(nothing).models({ signl: 1 } as never), "INVALID_ARGUMENT", 'Did you mean "signal"?'], // biome-ignore format: one row
  "an answer that is none": [() => answering(async () => 3).models(), "INVALID_ARGUMENT", "fetch: its answer: must be a Response"], // biome-ignore format: one row
  "the answer of another server": [() => answering(nothing).models(), "SERVER_PROBLEM", "It has no list of models."], // biome-ignore format: one row
  "nobody": [() => answering(() => Promise.reject(new TypeError("fetch failed"))).models(), "SERVER_PROBLEM", "http://localhost/api/models: fetch failed"], // biome-ignore format: one row
};

describe("is refused by name", () => {
  it.each(Object.entries(refused))("%s", (_, [call, says]) => {
    const error = errorOf(call);
    expect(MlxterpError.isInstance(error)).toBe(true);
    expect(error.message).toContain(says);
  });

  it.each(Object.entries(rejected))("%s, of who waits", async (_, [call, code, says]) => {
    await expect(call()).rejects.toMatchObject({ code, message: expect.stringContaining(says) });
  });

  it("a model, prefix or dictionary of the right class that was never built", async () => {
    const { generateText } = model;
    const never = Object.create(Object.getPrototypeOf(model) as object) as LanguageModel;
    const { ablateHeads } = await import("@mlxterp/analysis");
    await expect(ablateHeads(never, "Mary", { answer: "Mary", heads: [[0, 0]] })).rejects.toThrow("must be a model"); // biome-ignore format: one line
    const prefix = built((await model.readPrefix("Mary")).constructor as never) as never;
    await expect(generateText.call(model, "Mary and", { prefix })).rejects.toThrow("must be what model.readPrefix returns"); // biome-ignore format: one line
  });
});

function errorOf(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error("it was taken");
}

describe("gives", () => {
  it("a model that was taken for a store, as it was", async () => {
    const asked = storeSimilarity(model as never, { sites: model as never });
    await expect(asked).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(Object.isFrozen(model)).toBe(false);
    expect(model.edit({ "layers.0": scale(2) }).edits).toHaveLength(1);
  });

  it("nothing of no rows", () => {
    const { values, indices } = mlx.topK(mx.zeros([0, 300]), 2);
    expect([values.shape, indices.shape]).toEqual([[0, 2], [0, 2]]); // biome-ignore format: one line
    expect(mlx.logProbabilities(mx.zeros([2, 0])).shape).toEqual([2, 0]);
    expect(dictionary.encode(mx.zeros([0, 128])).shape).toEqual([0, 256]);
  });

  it("the last layer for -1, of either kind of transcoders", () => {
    const { layers } = transcoders;
    const same = (a: MxArray, b: MxArray) => expect(a.tolist()).toEqual(b.tolist());
    same(transcoders.encoderBias(-1), transcoders.encoderBias(layers - 1));
    const layer = (later: number, bias: number) => ({
      ...{ encoder: mx.ones([8, 4]), encoderBias: mx.full([4], bias) },
      ...{ decoder: mx.ones([4, later, 8]), decoderBias: mx.zeros([8]) },
    });
    const both = new CrossLayerTranscoder([layer(2, 1), layer(1, 2)], { input: "hook_resid_mid", output: "hook_mlp_out" }); // biome-ignore format: one line
    same(both.encoderBias(-1), mx.full([4], 2));
    expect(both.writes(-1).map((write) => write.layer)).toEqual([1]);
  });

  it("what a crosscoder gives, of what inherits from one", () => {
    const crosscoder = loadCrosscoder("tiny");
    const { sources, width } = crosscoder.config;
    const heir = Object.create(crosscoder) as typeof crosscoder;
    const x = mx.ones([1, sources, width]);
    expect(heir.forward(x).tolist()).toEqual(crosscoder.forward(x).tolist());
  });

  it("views of what inherits from a model, one after the other", async () => {
    const heir = Object.create(model) as LanguageModel;
    const twice = heir.edit({ "layers.0": scale(2) }).edit({ "layers.0": scale(0.5) });
    const [own, edited] = await Promise.all([model, twice].map((one) => one.run("Mary", { save: "output" }))); // biome-ignore format: one line
    expect(edited.get("output").tolist()).toEqual(own.get("output").tolist());
  });
});
