/** Classifiers and embedding models keep their invariants, and one that does not is told. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { expect, it } from "vitest";
import { EmbeddingModel, loadModel, SequenceClassifier, TokenClassifier } from "../index.js";
import { referenceFolder } from "../test-support/reference-folders.js";

const kinds = { sequence: SequenceClassifier, token: TokenClassifier, embedding: EmbeddingModel };
type Kind = keyof typeof kinds;

const open = (name: string, kind: Kind) =>
  loadModel(referenceFolder(`${name}/${kind}`), { as: kinds[kind] as typeof SequenceClassifier });

it.each<[name: string, kind: Kind]>([
  ...(["llama", "gpt2", "gemma2", "opt", "bert", "roberta", "modernbert"] as const).map(
    (name): [string, Kind] => [name, "sequence"],
  ),
  ...(["llama", "gpt2", "bert", "roberta", "modernbert"] as const).map((name): [string, Kind] => [
    name,
    "token",
  ]),
  ...(["qwen3", "mistral", "gemma3_text", "bert", "roberta", "modernbert"] as const).map(
    (name): [string, Kind] => [name, "embedding"],
  ),
])("%s of the kind %s", async (name, kind) => {
  const { passed, invariants } = await (await open(name, kind)).verify();
  expect(invariants.filter((one) => !one.passed)).toEqual([]);
  expect(invariants.every(({ notApplicable }) => notApplicable === undefined)).toBe(true);
  expect([passed, invariants.length]).toEqual([true, 8]);
});

it.each<[name: string, kind: Kind, site: string, lost: string]>([
  ["llama", "sequence", "layers.0.selfAttn", "heads add up"],
  ["gpt2", "token", "layers.1.residMid", "writes add up"],
  ["bert", "sequence", "layers.1.selfAttn", "heads add up"],
  ["qwen3", "embedding", "head.pooled", "tracing changes nothing"],
  ["modernbert", "embedding", "layers.1.mlp", "tracing changes nothing"],
])(
  "of %s of the kind %s, where %s is changed on the way, %s no longer",
  async (name, kind, site, lost) => {
    let passes = 0;
    const edit = { [site]: (x: MxArray) => mx.add(x, 0.01 * ++passes) };
    const { passed, invariants } = await (await open(name, kind)).edit(edit as never).verify();
    expect(passed).toBe(false);
    expect(invariants.find((one) => one.name === lost)?.passed).toBe(false);
  },
);
