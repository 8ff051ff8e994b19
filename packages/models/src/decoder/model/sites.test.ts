/** The sites inside the layers: what they hold, and that changing them takes effect. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { smallConfig } from "../../test-support/checkpoints.js";
import { smallModel } from "../../test-support/models.js";
import { maxDifference } from "../../test-support/reference.js";

const prompts = [
  [3, 1, 4, 1, 5, 9],
  [2, 7, 1, 8, 2, 8],
];

const shapes = {
  "layers.0.input": [2, 6, 32],
  "layers.0.residMid": [2, 6, 32],
  "layers.0": [2, 6, 32],
  "layers.0.inputNorm": [2, 6, 32],
  "layers.0.inputNorm.scale": [2, 6, 1],
  "layers.0.selfAttn.q": [2, 4, 6, 8],
  "layers.0.selfAttn.k": [2, 2, 6, 8],
  "layers.0.selfAttn.v": [2, 2, 6, 8],
  "layers.0.selfAttn.qRot": [2, 4, 6, 8],
  "layers.0.selfAttn.kRot": [2, 2, 6, 8],
  "layers.0.selfAttn.scores": [2, 4, 6, 6],
  "layers.0.selfAttn.pattern": [2, 4, 6, 6],
  "layers.0.selfAttn.z": [2, 6, 4, 8],
  "layers.0.selfAttn.result": [2, 6, 4, 32],
  "layers.0.selfAttn": [2, 6, 32],
  "layers.0.mlp.pre": [2, 6, 48],
  "layers.0.mlp.gate": [2, 6, 48],
  "layers.0.mlp.post": [2, 6, 48],
  "layers.0.mlp": [2, 6, 32],
  "finalNorm.scale": [2, 6, 1],
  output: [2, 6, 19],
};

describe("the sites of a decoder", () => {
  const model = smallModel();

  it("all have their shapes", async () => {
    const cache = await model.run(prompts, { save: Object.keys(shapes) });
    for (const [site, shape] of Object.entries(shapes)) {
      expect(cache.get(site).shape, site).toEqual(shape);
    }
  });

  it("stand in the tree in the order of the forward", () => {
    const names = model.sites("layers.0.**").map(({ site }) => site.replace("layers.0.", ""));
    const inOrder = [
      "inputNorm",
      "selfAttn.qProj",
      "selfAttn.pattern",
      "residMid",
      "mlp.pre",
      "mlp.gate",
      "mlp.post",
    ];
    const places = inOrder.map((name) => names.indexOf(name));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places).not.toContain(-1);
  });

  it("hold patterns in which no query looks ahead", async () => {
    const site = "layers.0.selfAttn.pattern";
    const weights = (await model.run(prompts, { save: site })).get(site);
    const ahead = mx.subtract(1, mx.tri(6, 6)); // 1 where key > query
    expect(Number(mx.max(mx.multiply(weights, ahead)).item())).toBe(0);
    expect(maxDifference(mx.sum(weights, -1), mx.ones([2, 4, 6]))).toBeLessThan(1e-6);
  });

  it("name their axes", () => {
    const axes = Object.fromEntries(model.sites().map(({ site, axes }) => [site, axes]));
    expect(axes["layers.1.selfAttn.k"]).toEqual(["batch", "kvHeads", "position", "headDim"]);
    expect(axes["layers.1.mlp"]).toEqual(["batch", "position", "hidden"]);
    expect(model.sites("output")[0].axes).toEqual(["batch", "position", "vocab"]);
  });
});

for (const style of ["llama", "gpt2"] as const) {
  describe(`${style}: fused and unfused ways`, () => {
    const model = smallModel(smallConfig(style));
    const plain = model.forward(prompts);
    const with_ = async (site: string, change: (x: MxArray) => MxArray) =>
      (await model.run(prompts, { interventions: { [site]: change } })).get("output");

    for (const site of ["scores", "pattern", "z", "result", "qRot", "v"]) {
      it(`agree when ${site} passes through unchanged`, async () => {
        const logits = await with_(`layers.*.selfAttn.${site}`, (x) => x);
        expect(maxDifference(logits, plain)).toBeLessThan(1e-5);
      });
    }

    it("agree when a norm's denominator passes through unchanged", async () => {
      const logits = await with_("**.scale", (x) => x);
      expect(maxDifference(logits, plain)).toBeLessThan(1e-5);
    });

    for (const site of ["scores", "pattern", "result"]) {
      it(`let ${site} be changed`, async () => {
        const site_ = `layers.0.selfAttn.${site}`;
        const logits = await with_(site_, (x) => mx.multiply(x, 0.5));
        expect(maxDifference(logits, plain)).toBeGreaterThan(1e-3);
      });
    }

    it("let a norm's denominator be doubled, which halves what is normalised", async () => {
      const save = ["layers.1.inputNorm"];
      const before = (await model.run(prompts, { save })).get(save[0]);
      const interventions = { "layers.1.inputNorm.scale": (x: MxArray) => mx.multiply(x, 2) };
      const after = (await model.run(prompts, { save, interventions })).get(save[0]);
      expect(maxDifference(mx.multiply(after, 2), before)).toBeLessThan(1e-5);
    });

    it("read the same values beside the kernel as in its place", async () => {
      const save = ["layers.*.selfAttn.{scores,pattern,result}", "**.scale"];
      const read = await model.run(prompts, { save });
      const computed = await model.run(prompts, {
        save,
        interventions: { "layers.*.selfAttn.*": (x) => x, "**.scale": (x) => x },
      });
      for (const site of read.keys()) {
        const scale = Math.max(1, Number(mx.max(mx.abs(read.get(site))).item()));
        expect(maxDifference(read.get(site), computed.get(site)) / scale, site).toBeLessThan(1e-5);
      }
    });

    it("build attention's write from the heads' results and the bias", async () => {
      const save = ["layers.1.selfAttn", "layers.1.selfAttn.result"];
      const cache = await model.run(prompts, { save });
      const { bias } = model.module.layers[1].selfAttn.oProj;
      const sum = mx.sum(cache.get(save[1]), 2);
      const write = bias ? mx.add(sum, bias) : sum;
      expect(maxDifference(write, cache.get(save[0]))).toBeLessThan(1e-5);
    });
  });
}

describe("a gated MLP", () => {
  it("multiplies the activation of pre by gate", async () => {
    const model = smallModel();
    const sites = ["pre", "gate", "post"].map((name) => `layers.1.mlp.${name}`);
    const projections = ["layers.1.mlp.gateProj", "layers.1.mlp.upProj"];
    const cache = await model.run(prompts, { save: [...sites, ...projections] });
    const [pre, gate, post] = sites.map((site) => cache.get(site));
    const expected = mx.multiply(mx.multiply(pre, mx.sigmoid(pre)), gate);
    expect(maxDifference(post, expected)).toBeLessThan(1e-6);
    expect(maxDifference(pre, cache.get(projections[0]))).toBe(0);
    expect(maxDifference(gate, cache.get(projections[1]))).toBe(0);
  });
});
