/** Where numbers come from: the same weights have one hash, however they are held, and any change another. */
import { type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import { originDifferences } from "@mlxterp/results";
import { expect, it, vi } from "vitest";
import { InterpretableModel, noteOrigin, provenanceOf } from "../index.js";

class Two extends nn.Module {
  parts = [new nn.Linear(3, 4), new nn.Linear(4, 2)];

  override forward(x: MxArray): MxArray {
    return this.parts[1].forward(this.parts[0].forward(x));
  }
}

function filled(): Two {
  const module = new Two();
  for (const part of module.parts) {
    part.weight = mx.ones(part.weight.shape);
    part.bias = mx.zeros([part.weight.shape[0]]);
  }
  return module;
}

const hashOf = (module: Two) => provenanceOf(new InterpretableModel(module)).weights?.hash;

const changes: readonly [string, (layer: Linear) => void][] = [
  ["exchanged", (layer) => { layer.weight = mx.zeros(layer.weight.shape); }], // biome-ignore format: one line
  ["written to in place", (layer) => layer.bias?.indexPut_(1, mx.array(2))],
  ["of another dtype", (layer) => { layer.weight = layer.weight.astype(mx.bfloat16); }], // biome-ignore format: one line
  ["taken away", (layer) => { delete layer.bias; }], // biome-ignore format: one line
];

it("is one hash for equal weights, and the same when it is asked again", () => {
  expect(hashOf(filled())).toBe(hashOf(filled()));
  const module = filled();
  expect(hashOf(module)).toBe(hashOf(module));
});

it("is looked up, not found again, while every weight is as it was", () => {
  const module = filled();
  const read = vi.fn(() => "no parameter");
  Object.defineProperty(module, "name", { get: read, enumerable: true });
  const first = hashOf(module);
  expect(read).toHaveBeenCalledTimes(3);
  expect(hashOf(module)).toBe(first);
  expect(read).toHaveBeenCalledTimes(3 + 1);
  for (const change of [
    () => module.parts.push(new nn.Linear(2, 2)),
    () => Object.assign(module, { more: mx.ones([2]) }),
    () => Object.assign(module.parts[1], { bias: null }),
    () => Object.assign(module.parts[1], { bias: mx.ones([2]) }),
  ]) {
    const before = hashOf(module);
    change();
    expect(hashOf(module)).not.toBe(before);
  }
});

it.each(changes)("is another when a weight of a model in memory is %s", (_, change) => {
  const module = filled();
  const before = hashOf(module);
  change(module.parts[1]);
  expect(hashOf(module)).not.toBe(before);
});

it.each(changes)("is another when a weight that was loaded is %s", (_, change) => {
  const module = filled();
  const model = new InterpretableModel(module);
  noteOrigin(module, { weights: { hash: "f".repeat(64), how: "files" }, revision: "r1" });
  const before = provenanceOf(model);
  expect(before).toMatchObject({ revision: "r1", weights: { hash: "f".repeat(64), how: "files" } });
  change(module.parts[0]);
  const after = provenanceOf(model);
  const found = originDifferences(before, after);
  expect(found.filter(({ decisive }) => decisive).map(({ field }) => field)).toEqual(["weights"]);
});

it("does not depend on which of two equal layers was changed only where they are equal", () => {
  const [first, second] = [filled(), filled()];
  first.parts[0].bias = mx.ones([4]);
  second.parts[1].bias = mx.ones([2]);
  expect(hashOf(first)).not.toBe(hashOf(second));
});

it("of a run is what the weights were when it began", async () => {
  const module = filled();
  const model = new InterpretableModel(module);
  const pass = model.run(mx.ones([1, 3]), { interventions: { "parts.0": (x: MxArray) => x } });
  module.parts[0].weight = mx.zeros([4, 3]);
  const { provenance } = await pass;
  expect(provenance.weights?.hash).toBe(hashOf(filled()));
  expect(provenance.interventions).toEqual(["parts.0"]);
});

it("leaves gradients as they are, although it looks at weights", async () => {
  const module = new Two();
  const model = new InterpretableModel(module);
  const sum = (x: MxArray) => mx.sum(x);
  const { gradients } = await model.gradients(mx.ones([1, 3]), sum, { save: "parts.0" });
  const expected = mx.sum(module.parts[1].weight, 0);
  expect(mx.allclose(gradients.get("parts.0").reshape([-1]), expected).item()).toBe(true);
  expect(gradients.provenance.weights).toEqual(provenanceOf(model).weights);
});

it("is the reader's own: who writes into it changes no other, and no run to come", () => {
  const module = filled();
  noteOrigin(module, { weights: { hash: "f".repeat(64), how: "files" }, revision: "main" });
  const options = { answer: [1] };
  const ask = () => provenanceOf(new InterpretableModel(module), { options });
  const [expected, given] = [JSON.stringify({ ...ask(), time: "" }), ask()];
  for (const part of Object.values(given)) if (typeof part === "object") Object.assign(part, { hash: "no" }); // biome-ignore format: one line
  (given.options as typeof options).answer.length = 0;
  expect(JSON.stringify({ ...ask(), time: "" })).toBe(expected);
});
