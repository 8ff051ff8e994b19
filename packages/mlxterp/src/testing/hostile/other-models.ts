/** One small model of each class beside the decoder, and the other objects whose classes are exported. */
import { fileURLToPath } from "node:url";
import { LensTranslators } from "@mlxterp/analysis";
import * as core from "@mlxterp/core";
import * as dictionaries from "@mlxterp/dictionaries";
import { type MxArray, mx } from "@mlxterp/mlx";
import * as models from "@mlxterp/models";
import { createServer } from "@mlxterp/server";
import { createClient } from "@mlxterp/server/client";
import type { Bench } from "./bench.js";
import { Doubling } from "./doubling.js";
import type { Methods, Owner } from "./members.js";
import { modelMethods } from "./method-doors.js";

/** A small checkpoint of the tests of models. */
const referenceFolder = (path: string) =>
  fileURLToPath(new URL(`../../../../models/references/${path}`, import.meta.url));

const ids = [[1, 2, 3]];
const normal = (...shape: number[]) => mx.random.normal(shape, mx.float32, 0, 1, mx.random.key(1));

/** Kinds of models: by class, where a checkpoint of it lies, and what it reads. */
const kinds = [
  [models.MaskedLanguageModel, "bert/base", ids],
  [models.SequenceClassifier, "bert/sequence", ids],
  [models.TokenClassifier, "bert/token", ids],
  [models.EmbeddingModel, "bert/embedding", ids],
  [models.EncoderDecoderModel, "t5/written", ids],
  [models.ImageTextModel, "clip/compared", ids],
  [models.ImageClassifier, "vit/image", undefined],
  [models.RecurrentModel, "mamba/base", ids],
  [models.StreamsModel, "gemma3n_text/base", ids],
] as const;

/** By a name of their own. */
export function otherOwners(bench: Bench): Readonly<Record<string, Owner>> {
  const modelOwners = kinds.map(([kind, folder, input]) => {
    const load = once(() => models.loadModel(referenceFolder(folder), { as: kind as never }));
    return [kind.name, { make: load, methods: methodsFor(bench, input) }] as const;
  });
  return { ...Object.fromEntries(modelOwners), ...partsOf(bench), ...dictionaryOwners };
}

function methodsFor(bench: Bench, input: unknown): Methods {
  const known = modelMethods(bench);
  return Object.fromEntries(
    Object.entries(known).map(([name, args]) => [
      name,
      args.map((arg) => (arg === bench.prompt ? input : arg)),
    ]),
  );
}

function partsOf({ model }: Bench): Readonly<Record<string, Owner>> {
  const server = once(() => createServer({ models: [model], methods: [] }));
  const fetch = async (request: Request) => (await server()).fetch(request);
  const input = "Mary and John";
  const row = mx.ones([1, 1, 128]);
  return {
    InterpretableModel: {
      make: () => new core.InterpretableModel(new Doubling(), { name: "m", anatomy: {}, forwardArguments: (x: MxArray) => [x] } as never), // biome-ignore format: one line
      methods: {
        run: [mx.ones([2, 4]), { save: "output" }],
        trace: [mx.ones([2, 4]), {}],
        scan: [mx.ones([2, 4]), {}],
        gradients: [mx.ones([2, 4]), (x: never) => mx.sum(x), { save: "output" }],
      },
    },
    Tap: {
      make: () => new core.Tap(["batch", "position"] as never),
      methods: { forward: [mx.ones([1, 2])] },
    },
    FactoredMatrix: {
      make: () => new models.FactoredMatrix(normal(3, 2), normal(2, 3)),
      methods: {},
    },
    KeyValueCache: { make: () => model.createCache(), methods: {} },
    RecurrentCache: { make: async () => (await recurrent()).createCache(), methods: {} },
    RecurrentDecoder: {
      make: async () => (await recurrent()).module,
      methods: { forward: [mx.array(ids, mx.int32), {}] },
    },
    EncoderDecoderCache: {
      make: async () => (await seq2seq()).createCache(),
      methods: {},
    },
    Bert: {
      make: async () => (await masked()).module,
      methods: { forward: [mx.array(ids, mx.int32), {}] },
    },
    LensTranslators: {
      make: () => new LensTranslators({ kind: "tuned", weight: normal(4, 128, 128), bias: mx.zeros([4, 128]) }), // biome-ignore format: one line
      methods: { apply: [row, 1] },
    },
    client: {
      make: () => createClient({ fetch: fetch as never, url: "http://localhost" }),
      methods: {
        capabilities: [{}],
        models: [{}],
        loadModel: [{ source: "tiny" }, {}],
        sites: ["tiny", "layers.*", {}],
        tokens: ["tiny", input, {}],
        run: ["tiny", "lens", { input, options: { topK: 3 } }, {}],
        generate: ["tiny", { input, maxTokens: 2 }, {}],
        save: ["tiny", { input, save: ["layers.0"] }, {}],
        tensor: [{ href: "/api/tensors/1" }, {}],
      },
    },
    server: {
      make: () => createServer({ models: [model], methods: [] }),
      methods: { fetch: [new Request("http://localhost/api/models")], listen: [{ port: 0 }] },
    },
  };
}

const recurrent = once(() => models.loadModel(referenceFolder("mamba/base"), { as: models.RecurrentModel })); // biome-ignore format: one line
const seq2seq = once(() => models.loadModel(referenceFolder("t5/written"), { as: models.EncoderDecoderModel })); // biome-ignore format: one line
const masked = once(() => models.loadModel(referenceFolder("bert/base"), { as: models.MaskedLanguageModel })); // biome-ignore format: one line

const encoding = { encode: [0, normal(2, 128)], decode: [normal(2, 4)] };
const rows = { decode: [[normal(2, 128)], [normal(2, 4)]], encoderRows: [0], encoderBias: [0], writes: [0], decoderBias: [0], skip: [0] }; // biome-ignore format: one table

const dictionaryOwners: Readonly<Record<string, Owner>> = {
  Dictionary: {
    make: once(() => dictionaries.loadDictionary("tiny")),
    methods: { encode: [normal(2, 128)], decode: [normal(2, 512)], forward: [normal(2, 128)] },
  },
  TranscoderSet: {
    make: once(() => dictionaries.loadTranscoders("tiny")),
    methods: { ...encoding, ...rows, decodeLayer: [0, normal(2, 128), normal(2, 512)] },
  },
  Crosscoder: {
    make: once(async () => {
      const source = dictionaries.arraySource(normal(64, 2, 8));
      const quick = { features: 16, k: 2, steps: 1, batchSize: 16, architecture: "batchTopK", sources: 2 } as const; // biome-ignore format: one line
      return (await dictionaries.trainCrosscoder(source, quick)).dictionary;
    }),
    methods: { encode: [normal(4, 2, 8)], decode: [normal(4, 16)], forward: [normal(4, 2, 8)] },
  },
  CrossLayerTranscoder: {
    make: once(async () => {
      const source = dictionaries.arraySource(normal(64, 2, 8), normal(64, 2, 8));
      const quick = { features: 16, k: 2, steps: 1, batchSize: 16, architecture: "batchTopK", layers: 2 } as const; // biome-ignore format: one line
      const trained = await dictionaries.trainCrossLayerTranscoder(source as never, quick as never);
      return (trained as unknown as { transcoder: object; dictionary: object }).dictionary;
    }),
    methods: { ...rows, encode: [0, normal(2, 8)] },
  },
};

function once<T>(make: () => T | Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= Promise.resolve().then(make);
    return made;
  };
}
