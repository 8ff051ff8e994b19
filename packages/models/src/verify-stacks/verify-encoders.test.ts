/** Encoders keep their invariants, folded ones too, and one that does not is told. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import {
  ImageClassifier,
  listParameters,
  loadModel,
  MaskedLanguageModel,
  setParameters,
  UnsupportedFoldError,
} from "../index.js";
import { maxDifference } from "../test-support/reference.js";
import { referenceFolder } from "../test-support/reference-folders.js";

const ids = [5, 9, 14, 7, 3, 11, 8, 2];
const open = (name: string) =>
  loadModel(referenceFolder(`${name}/base`), { as: MaskedLanguageModel });
const openPictures = () => loadModel(referenceFolder("vit/image"), { as: ImageClassifier });

/** Weights and biases of norms far from what they are at first, so that folding them is not nothing. */
function unevenNorms(model: MaskedLanguageModel | ImageClassifier): void {
  const norms = [...listParameters(model.module)].filter(([path]) =>
    /norm\.(weight|bias)$/i.test(path),
  );
  const uneven = norms.map(([path, { shape }], at): [string, MxArray] => {
    return [path, mx.random.uniform(0.5, 1.5, shape, mx.float32, mx.random.key(at))];
  });
  expect(uneven.length).toBeGreaterThan(3);
  setParameters(model.module, uneven);
}

describe.each(["bert", "distilbert", "roberta", "camembert", "xlm-roberta", "modernbert"])(
  "%s",
  (name) => {
    it("keeps its invariants", async () => {
      const { passed, invariants } = await (await open(name)).verify();
      expect(invariants.filter((one) => !one.passed)).toEqual([]);
      expect(invariants.every(({ notApplicable }) => notApplicable === undefined)).toBe(true);
      expect([passed, invariants.length]).toEqual([true, 10]);
    });
  },
);

it.each([
  ["bert", "layers.1.selfAttn", "heads add up"],
  ["bert", "layers.0.residMid", "writes add up"],
  ["modernbert", "layers.0.mlp", "tracing changes nothing"],
  ["modernbert", "finalNorm", "the end gives logits"],
])("of %s, where %s is changed on the way, %s no longer", async (name, site, lost) => {
  const model = await open(name);
  let passes = 0;
  const changed = model.edit({ [site]: (x: MxArray) => mx.add(x, 0.01 * ++passes) });
  const { passed, invariants } = await changed.verify();
  expect(passed).toBe(false);
  expect(invariants.find((one) => one.name === lost)?.passed).toBe(false);
});

it("a classifier of pictures keeps them, and takes no prompt", async () => {
  const { passed, invariants } = await (await openPictures()).verify();
  expect(invariants.filter((one) => !one.passed)).toEqual([]);
  expect([passed, invariants.length]).toEqual([true, 8]);
});

describe("folded", () => {
  it("ModernBERT has the same logits and writes, and norms that only normalise", async () => {
    const model = await open("modernbert");
    unevenNorms(model);
    const folded = await model.folded();
    const save = ["layers.*.selfAttn", "layers.*.mlp", "layers.*", "output"];
    const [expected, found] = [await model.run([ids], { save }), await folded.run([ids], { save })];
    for (const [site, value] of expected) {
      expect(maxDifference(found.get(site as string), value), site).toBeLessThan(1e-4);
    }
    for (const path of ["finalNorm", "layers.1.inputNorm", "layers.0.postAttentionNorm"]) {
      const norms = [...listParameters(folded.module)].filter(([own]) => own.startsWith(path));
      expect(norms.map(([own]) => own)).toEqual([`${path}.weight`]);
      expect(maxDifference(norms[0][1], mx.ones(norms[0][1].shape))).toBe(0);
    }
    expect((await folded.verify()).passed).toBe(true);
    const before = (await (await open("modernbert")).run([ids])).get("output");
    expect(maxDifference(expected.get("output"), before)).toBeGreaterThan(0.01);
  });

  it("ViT has the same scores, from biases where norms had them", async () => {
    const model = await openPictures();
    unevenNorms(model);
    const folded = await model.folded();
    const { channels, height, width } = model.config;
    const shape = [2, channels, height, width];
    const pictures = mx.random.normal(shape, mx.float32, 0, 1, mx.random.key(2));
    const save = ["layers.*", "output"];
    const [expected, found] = [
      await model.run(pictures, { save }),
      await folded.run(pictures, { save }),
    ];
    for (const [site, value] of expected) {
      expect(maxDifference(found.get(site as string), value), site).toBeLessThan(1e-4);
    }
    const names = [...listParameters(folded.module)].map(([path]) => path);
    expect(names.filter((path) => /norm\.bias$/i.test(path))).toEqual([]);
    expect((await folded.verify()).passed).toBe(true);
  });

  it("BERT is refused, whose norms stand on the stream, and centring is", async () => {
    await expect((await open("bert")).folded()).rejects.toThrow(UnsupportedFoldError);
    await expect((await open("bert")).folded()).rejects.toThrow(/stand on the residual stream/);
    const centring = (await open("modernbert")).folded({ centreUnembedding: true });
    await expect(centring).rejects.toMatchObject({ option: "centreUnembedding" });
    const writes = (await openPictures()).folded({ centreWrites: true });
    await expect(writes).rejects.toMatchObject({ option: "centreWrites" });
  });
});
