/** A model that compares texts with pictures: its sites, its vectors, and what it refuses. */
import { join } from "node:path";
import { MissingAnatomyError } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { ImageTextModel, loadModel } from "../index.js";
import { temporaryFolder } from "../test-support/checkpoints.js";
import { maxDifference, readActivations, rows } from "../test-support/reference.js";
import { referenceFolder } from "../test-support/reference-folders.js";

const folder = referenceFolder("clip/compared");
const opened = loadModel(folder, { as: ImageTextModel });
const { pixels, ...expected } = readActivations(folder);
const texts = rows(expected.input_ids);

describe("a model that compares texts with pictures", () => {
  it("has sites of both, whose axes say what they belong to", async () => {
    const model = await opened;
    const axes = (site: string) => model.sites(site as never)[0].axes;
    expect(axes("text.layers.1")).toEqual(["batch", "position", "hidden"]);
    expect(axes("vision.layers.1")).toEqual(["images", "patches", "hidden"]);
    expect(axes("vision.layers.0.selfAttn.pattern")).toEqual(["images", "heads", "patches", "patches"]); // biome-ignore format: one line
    expect(axes("imageEmbedding")).toEqual(["images", "hidden"]);
    expect(axes("output")).toEqual(["images", "batch"]);
    const save = "vision.layers.0" as never;
    const last = model.run(texts, { save, positions: [-1], args: [{ pixels }] });
    await expect(last).rejects.toMatchObject({ code: "MISSING_AXIS" });
  });

  it("embeds texts without pictures and pictures without texts", async () => {
    const model = await opened;
    const [ofTexts, ofPictures] = [await model.embedTexts(texts), await model.embedImages(pixels)];
    expect(maxDifference(ofTexts, expected.text_embeds)).toBeLessThan(1e-5);
    expect(maxDifference(ofPictures, expected.image_embeds)).toBeLessThan(1e-5);
  });

  it("scores texts of different lengths as each alone, as invocations of one trace too", async () => {
    const model = await opened;
    const prompts = [texts[0], texts[1].slice(0, 5)];
    const together = (await model.run(prompts, { args: [{ pixels }] })).get("output");
    for (const [index, prompt] of prompts.entries()) {
      const alone = (await model.run([prompt], { args: [{ pixels }] })).get("output");
      const column = together.index(mx.Slice(), mx.Slice(index, index + 1));
      expect(maxDifference(column, alone)).toBeLessThan(1e-5);
    }
  });

  it("changes what is said of a picture where its patches are changed", async () => {
    const model = await opened;
    const same = { "vision.layers.0": (x: MxArray) => mx.zerosLike(x) };
    const scores = (await model.run(texts, { args: [{ pixels }], interventions: same })).get("output"); // biome-ignore format: one line
    expect(maxDifference(scores.index(0), scores.index(1))).toBeLessThan(1e-5);
    expect(maxDifference(scores, expected.logits)).toBeGreaterThan(1e-3);
  });

  it("shows no list of layers that a method for a decoder alone could take for its own", async () => {
    const { anatomy } = await opened;
    expect(() => anatomy.layers).toThrow(MissingAnatomyError);
    expect(() => anatomy.weights(0)).toThrow(/two encoders/);
    expect(anatomy.maxPositions).toBe(12);
    await expect(loadModel(folder)).rejects.toMatchObject({ code: "MODEL_KIND" });
  });

  it.each([
    ["no pictures", [[3, 55]], undefined, "INVALID_ARGUMENT"],
    ["pixels of another size", [[3, 55]], { pixels: mx.zeros([1, 3, 8, 12]) }, "INVALID_ARGUMENT"],
    ["a text without its end", [[3, 4]], { pixels }, "INVALID_ARGUMENT"],
    ["a token it does not have", [[60, 55]], { pixels }, "TOKEN_RANGE"],
    ["a misspelt option", [[3, 55]], { pixel: pixels }, "INVALID_ARGUMENT"],
    ["a text that is too long", [new Array(13).fill(55)], { pixels }, "INVALID_PROMPT"],
  ])("refuses %s", async (_, prompt, given, code) => {
    const model = await opened;
    const args = given ? [given] : [];
    await expect(model.run(prompt, { args })).rejects.toMatchObject({ code });
  });

  it("passes every invariant that two encoders have, and says why neither is folded", async () => {
    const model = await opened;
    const { passed, invariants } = await model.verify();
    expect(invariants.filter((one) => !one.passed)).toEqual([]);
    expect(passed).toBe(true);
    expect(invariants).toHaveLength(8);
    expect(invariants.every(({ magnitude }) => magnitude > 0)).toBe(true);
    await expect(model.folded()).rejects.toMatchObject({
      ...{ code: "UNSUPPORTED_FOLD", message: expect.stringMatching(/no bias to take it/) },
    });
  });

  it("is saved as it was loaded", async () => {
    const saved = join(temporaryFolder(), "saved");
    await (await opened).save(saved);
    const again = await loadModel(saved, { as: ImageTextModel });
    const [ours, theirs] = [await opened, again].map((model) =>
      model.run(texts, { args: [{ pixels }] }),
    );
    expect(maxDifference((await theirs).get("output"), (await ours).get("output"))).toBe(0);
  });
});
