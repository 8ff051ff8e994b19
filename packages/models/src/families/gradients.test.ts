/** Every kind of site in every family has the gradient that differences come to. */
import {
  type GradientMetric,
  type InterpretableModelCore,
  integratedGradients,
} from "@mlxterp/core";
import { type Module, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { loadModel, MaskedLanguageModel, RecurrentModel } from "../index.js";
import { readActivations, rows } from "../test-support/reference.js";
import { referenceFolder, sweptFolders } from "../test-support/reference-folders.js";
import { derivativesByDifferences } from "../verify/directional-derivative.js";

type Model = InterpretableModelCore<Module>;

/** A third of a percent is the most that was found, at norm denominators, where gradients are smallest. */
const tolerance = 1e-2;

/** Half of all sites must agree this closely: no common mistake hides within the tolerance. */
const typical = 1e-4;

const metric: GradientMetric = (logits) =>
  mx.subtract(logits.index(0, -1, 5), logits.index(0, -1, 7));

/** All of layer 1 and what is outside the layers; `result` is by itself, since it takes the place of `oProj`. */
function siteGroups(model: Model): RegExp[] {
  const names = model
    .sites("**")
    .map(({ site }) => site)
    .filter((site) => !/layers\.(?!1(\.|$))|[qkv]Proj$|(gate|up)Proj$/.test(site)); // those are q, k, v, pre and gate
  const oneOf = (list: readonly string[]) =>
    new RegExp(`^(?:${list.map((name) => name.replaceAll(".", "\\.")).join("|")})$`);
  const results = names.filter((name) => name.endsWith(".result"));
  const others = names.filter((name) => !name.endsWith(".result"));
  return [others, results].filter((list) => list.length > 0).map(oneOf);
}

async function errorsOf(model: Model, ids: readonly number[]): Promise<Map<string, number>> {
  const errors = new Map<string, number>();
  for (const sites of siteGroups(model)) {
    const { gradients, values } = await model.gradients([ids], metric, {
      save: sites,
      values: true,
    });
    const checked = [...gradients].map(([site, gradient]) => {
      return { site, gradient, value: values.get(site) };
    });
    const found = await derivativesByDifferences(model, [ids], metric, checked);
    for (const [index, { received, expected }] of found.entries()) {
      errors.set(checked[index].site, Math.abs(received / expected - 1));
    }
  }
  return errors;
}

const folders = { bert: referenceFolder("bert/base"), mamba: referenceFolder("mamba/base") };
const others: { name: string; folder: string; open(): Promise<Model> }[] = [
  {
    name: "bert",
    folder: folders.bert,
    open: async () =>
      (await loadModel(folders.bert, { as: MaskedLanguageModel })) as unknown as Model,
  },
  {
    name: "mamba",
    folder: folders.mamba,
    open: async () => (await loadModel(folders.mamba, { as: RecurrentModel })) as unknown as Model,
  },
];
const decoders = sweptFolders().map(({ name, folder }) => ({
  name,
  folder,
  open: async () => (await loadModel(folder)) as unknown as Model,
}));
const checkpoints = [...decoders, ...others];

describe.each(checkpoints)("$name", ({ name, folder, open }) => {
  it("has at every site the gradient that central differences have", async () => {
    const model = await open();
    const errors = await errorsOf(model, rows(readActivations(folder).input_ids)[0]);
    const sorted = [...errors.values()].sort((a, b) => a - b);
    expect([...errors].filter(([, error]) => !(error <= tolerance))).toEqual([]);
    expect(sorted[sorted.length >> 1]).toBeLessThan(typical);
    expect(errors.size).toBeGreaterThan(name === "mamba" ? 12 : 18);
  });
});

it("integrates along the embeddings of the shipped model to the change of the metric", async () => {
  const model = await loadModel("tiny");
  const ids = Array.from({ length: 8 }, (_, position) => (position * 37 + 5) % model.anatomy.vocab);
  const other = ids.map((id, position) => (position === 7 ? (id + 11) % model.anatomy.vocab : id));
  const { total, difference, attributions } = await integratedGradients(model, ids, metric, {
    baseline: other,
    save: ["embedTokens", "layers.*.selfAttn.z", "layers.*.mlp"],
    path: "embedTokens",
    steps: 64,
    stepsPerPass: 16,
  });
  expect(Math.abs(difference)).toBeGreaterThan(0.01);
  expect(Math.abs(total - difference)).toBeLessThan(0.02 * Math.abs(difference));
  const byPosition = mx.sum(mx.abs(attributions.get("embedTokens")), [0, 2]).tolist() as number[];
  expect(byPosition.filter((score) => score > 0)).toHaveLength(1); // only one token differs
  expect(attributions.keys()).toHaveLength(1 + 2 * model.anatomy.layers);
});
