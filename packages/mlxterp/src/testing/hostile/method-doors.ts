/** The methods of a loaded model, and of what it gives, with right arguments. */
import { mx } from "@mlxterp/mlx";
import { KeyValueCache } from "@mlxterp/models";
import type { Bench } from "./bench.js";
import type { Calls } from "./doors.js";
import type { Methods, Owner } from "./members.js";

/** By what they belong to, then by name. */
export function methodDoors(bench: Bench): Readonly<Record<string, Calls>> {
  return Object.fromEntries(
    Object.entries(owners(bench)).map(([group, { make, methods }]) => [
      group,
      bound(make, methods),
    ]),
  );
}

/** A loaded model and what it gives; made anew for each call where a call may end it. */
export function owners(bench: Bench): Readonly<Record<string, Owner>> {
  const { model, tokenizer, store, prompt } = bench;
  const save = ["layers.*", "output", "layers.0.selfAttn.pattern"];
  return {
    model: { make: () => model, methods: modelMethods(bench) },
    cache: { make: () => model.run(prompt, { save }), methods: cacheMethods },
    trace: { make: () => model.trace(prompt), methods: traceMethods },
    batch: {
      make: () => model.trace(),
      methods: { invoke: [prompt, { interventions: {} }], run: [{ args: [] }] },
    },
    invocation: { make: () => model.trace().invoke(prompt), methods: traceMethods },
    scan: {
      make: () => model.scan(prompt),
      methods: {
        select: [["layers.*"], { positions: -1, dtype: "float16" }],
        get: ["layers.0"],
        bytes: ["layers.*", { dtype: "float16" }],
      },
    },
    weights: { make: () => model.weights, methods: { layer: [0], OV: [0, 1], QK: [0, 1] } },
    prefix: { make: () => model.readPrefix(prompt), methods: { asItIs: [] } },
    decoder: {
      make: () => model.module,
      methods: {
        forward: [
          mx.array([[1, 2]], mx.int32),
          { cache: new KeyValueCache(), lastOnly: true, padding: [0] },
        ],
      },
    },
    tokenizer: { make: () => tokenizer, methods: tokenizerMethods },
    store: {
      make: () => store,
      methods: {
        read: ["layers.0", [0, 1]],
        origins: [[0, 1]],
        batches: [{ batchSize: 2, sites: ["layers.0"], shuffle: 1, epochs: 2, skip: 0 }],
        verify: [{ onProgress: () => undefined }],
        describe: ["layers.0"],
      },
    },
  };
}

function bound(make: Owner["make"], methods: Methods): Calls {
  return Object.fromEntries(
    Object.entries(methods).map(([name, args]) => {
      const call = async (...given: unknown[]) =>
        ((await make()) as Record<string, (...args: unknown[]) => unknown>)[name](...given);
      return [name, [call, ...args]];
    }),
  );
}

export function modelMethods({ model, prompt, prefix }: Bench): Methods {
  const interventions = { "layers.0": [(x: unknown) => x] };
  const sampling = { maxTokens: 2, temperature: 1, topK: 5, topP: 0.9, minP: 0.1, seed: 1 };
  const generating = { ...sampling, interventions, stop: ["a"], alternatives: 2, ignoreEos: true };
  return {
    tokens: [prompt],
    sites: ["layers.*"],
    forward: [prompt],
    trace: [prompt, { interventions, args: [], offset: 0, step: 1 }],
    scan: [prompt, { interventions, args: [] }],
    run: [
      prompt,
      {
        save: ["layers.*"],
        interventions,
        positions: -1,
        dtype: "float16",
        budget: "1 GB",
        spill: {},
      },
    ],
    gradients: [
      prompt,
      (logits: never) => mx.sum(logits),
      { save: "layers.0", interventions, values: true },
    ],
    edit: [interventions, { name: "mine" }],
    withEdits: [[{ name: "a", interventions }]],
    withoutEdit: ["a"],
    save: ["saved-again", { dtype: "float16", overwrite: true, shardBytes: 1e6 }],
    verify: [{ prompt, tolerance: 1 }],
    quantizationDrift: [prompt, { reference: model }],
    folded: [{ centreWrites: true, centreUnembedding: true }],
    createCache: [{ sliding: true }],
    generate: [prompt, { ...generating, save: "layers.0", saveSteps: { from: 0 } }],
    generateBatch: [[prompt, "The"], { ...generating, until: () => false }],
    generateText: [prompt, { ...generating, prefix: undefined }],
    readPrefix: [prompt, { interventions, save: "layers.0", sliding: true, prefix }],
    rollout: [prompt, { ...generating, save: "layers.0" }],
    rolloutBatch: [[prompt], { ...generating, save: ["layers.0"] }],
  };
}

const cacheMethods: Methods = {
  get: ["layers.0", { dtype: "float16" }],
  has: ["layers.0"],
  last: ["layers.0"],
  positionAxis: ["layers.0"],
  save: ["saved-cache", { overwrite: true, shardBytes: "1MiB" }],
  verify: [{ onProgress: () => undefined }],
};

const traceMethods: Methods = {
  at: ["layers.0"],
  value: ["layers.0"],
  save: ["layers.0"],
  saveAll: ["layers.*", "output"],
};

const tokenizerMethods: Methods = {
  encode: ["Mary and John", { addSpecialTokens: false }],
  encodeBatch: [["a", "b"], { addSpecialTokens: false }],
  decode: [[1, 2, 3], { skipSpecialTokens: true }],
  pieces: [[1, 2]],
  tokens: ["Mary", { addSpecialTokens: false }],
  tokenToId: ["a"],
  idToToken: [1],
  applyChatTemplate: [
    [{ role: "user", content: "Hi" }],
    { addGenerationPrompt: true, template: "default", variables: {} },
  ],
};
