/** What examples may use without saying where it is from: a model, prompts, results, small modules. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import {
  activationPatching,
  attentionPatterns,
  collectToDisk,
  Decoder,
  directLogitAttribution,
  initializeWeights,
  loadModel,
  logitLens,
  type MxArray,
  mx,
  openStore,
  RecurrentDecoder,
  RecurrentModel,
} from "../../../packages/mlxterp/src/index.js";
import { once } from "./once.js";
import { shippedTokenizer, tokenOf } from "./shipped-tokenizer.js";
import { Adapter, Dictionary, MyNetwork } from "./small-modules.js";

const clean = "Mary and John went to the park . John gave a ball to";
const corrupted = "Mary and John went to the park . Mary gave a ball to";
const question = { answer: "Mary", wrongAnswer: "John" } as const;
const stories = ["Mary and John went to the park .", "the capital of France is"];

const tiny = once(() => loadModel("tiny"));
const storeFolder = once(() => mkdtempSync(join(tmpdir(), "mlxterp-store-")));

const store = once(async () => {
  const folder = join(storeFolder(), "activations");
  await collectToDisk(await tiny(), stories, { folder, save: "layers.2" });
  return openStore(folder);
});

/** By name; those in `once` are shared by all examples, the others made anew for each. */
const fixtures = {
  model: tiny,
  tokenizer: shippedTokenizer,
  prompt: () => clean,
  prompts: () => [clean, "the capital of France is"],
  stories: () => stories,
  clean: () => clean,
  corrupted: () => corrupted,
  metric: () => (logits: MxArray) => mx.sum(logits.index(0, -1)),
  right: () => tokenOf("Mary"),
  wrong: () => tokenOf("John"),
  paris: () => tokenOf("Paris"),
  rome: () => tokenOf("Rome"),
  direction: () => mx.random.normal([128], mx.float32, 0, 1, mx.random.key(7)),
  other: () => mx.ones([128]),
  cache: async () => (await tiny()).run(clean, { save: ["layers.*", "layers.*.selfAttn.z"] }),
  dictionary: () => new Dictionary(),
  z: () => z,
  Adapter: () => Adapter,
  MyNetwork: () => MyNetwork,
  readout: once(async () => logitLens(await tiny(), clean)),
  patterns: once(async () => attentionPatterns(await tiny(), clean)),
  attribution: once(async () => directLogitAttribution(await tiny(), clean, question)),
  patching: once(async () =>
    activationPatching(await tiny(), { clean, corrupted }, { ...question, kinds: ["residual"] }),
  ),
  config: async () => (await tiny()).config,
  decoder: async () => initializeWeights(new Decoder((await tiny()).config)),
  store,
};

const bertConfig = {
  ...{ vocab: 507, hidden: 32, maxPositions: 64, tokenTypes: 2, layers: 2, heads: 4 },
  mlp: { hidden: 64, activation: "gelu" },
  norm: { kind: "layer", epsilon: 1e-12, bias: true },
  headActivation: "gelu",
} as const;

const mambaNorm = { kind: "rms", epsilon: 1e-5, bias: false } as const;
const mambaLayer = {
  inputNorm: mambaNorm,
  mixer: {
    kind: "mamba",
    ...{ inner: 64, state: 8, stepRank: 4, kernel: 4 },
    ...{ projectionBias: false, convolutionBias: true },
  },
} as const;
const mambaConfig = {
  ...{ vocab: 507, hidden: 32, layers: [mambaLayer, mambaLayer], finalNorm: mambaNorm },
  ...{ residualInFloat32: true, head: { tied: true, bias: false } },
} as const;

/** The names as the examples of decoders, encoders and recurrent models mean them. */
export const fixtureSets = {
  decoder: fixtures,
  encoder: { ...fixtures, config: () => bertConfig },
  recurrent: {
    ...fixtures,
    config: () => mambaConfig,
    decoder: () => new RecurrentDecoder(mambaConfig),
    model: () => {
      const parts = { config: mambaConfig, tokenizer: shippedTokenizer() };
      return new RecurrentModel(new RecurrentDecoder(mambaConfig), parts);
    },
  },
};

/** The set that the examples of a file are written against. */
export function fixtureSetOf(file: string): keyof typeof fixtureSets {
  if (file.startsWith("packages/models/src/encoder/")) return "encoder";
  return file.startsWith("packages/models/src/recurrent/") ? "recurrent" : "decoder";
}

/** Removes what fixtures have written. */
export function removeFixtures(): void {
  rmSync(storeFolder(), { recursive: true, force: true });
}
