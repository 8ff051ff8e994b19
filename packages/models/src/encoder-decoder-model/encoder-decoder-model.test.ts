/** A model of two texts: its sites, what it writes and refuses, and the buckets of distances. */
import { join } from "node:path";
import { MissingAnatomyError } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { DistanceBias } from "../encoder-decoder/distance-bias.js";
import { EncoderDecoderModel, LanguageModel, loadModel } from "../index.js";
import { temporaryFolder } from "../test-support/checkpoints.js";
import { maxDifference, readActivations, rows } from "../test-support/reference.js";
import { referenceFolder } from "../test-support/reference-folders.js";

const folder = referenceFolder("t5/written");
const opened = loadModel(folder, { as: EncoderDecoderModel });
const activations = readActivations(folder);
const [first, second] = rows(activations.input_ids);
const written = rows(activations.written_ids)[0].slice(1);

describe("a model that reads one text and writes another", () => {
  it("has sites of both, whose positions are called by the text they belong to", async () => {
    const model = await opened;
    const axes = (site: string) => model.sites(site as never)[0].axes;
    expect(axes("encoder.layers.1")).toEqual(["batch", "position", "hidden"]);
    expect(axes("decoder.layers.1")).toEqual(["batch", "target", "hidden"]);
    expect(axes("decoder.layers.0.selfAttn.pattern")).toEqual([
      "batch",
      "heads",
      "target",
      "target",
    ]);
    const cross = "decoder.layers.0.crossAttention";
    expect(axes(`${cross}.pattern`)).toEqual(["batch", "heads", "target", "key"]);
    expect(axes(`${cross}.k`)).toEqual(["batch", "kvHeads", "position", "headDim"]);
    expect(axes("output")).toEqual(["batch", "target", "vocab"]);
    const cache = await model.run([first], { save: [cross, `${cross}.pattern`], args: [{ written: [written] }] }); // biome-ignore format: one call
    expect(cache.get(cross as never).shape).toEqual([1, 7, 32]);
    expect(cache.get(`${cross}.pattern` as never).shape).toEqual([1, 4, 7, 12]);
  });

  it("keeps prompts of different lengths apart, in one batch or as invocations of one trace", async () => {
    const model = await opened;
    const prompts = [first, second.slice(0, 7)]; // as many tokens are read by one as are written by both
    const save = [
      "encoder.layers.1",
      "decoder.layers.1",
      "decoder.layers.1.crossAttention.pattern",
    ];
    const args = [{ written: [written, written] }];
    const together = await model.run(prompts, { save, args });
    await using trace = model.trace();
    const apart = prompts.map((prompt) => trace.invoke([prompt]));
    for (const [row, prompt] of prompts.entries()) {
      const alone = await model.run([prompt], { save, args: [{ written: [written] }] });
      const unwritten = await model.run([prompt], { save });
      for (const [site, value] of alone) {
        const real = site.startsWith("encoder") ? [mx.Slice(0, prompt.length)] : [mx.Slice(), mx.Slice(), mx.Slice(0, value.shape[3])]; // biome-ignore format: one choice
        const own = together.get(site).index(mx.Slice(row, row + 1), ...(value.ndim === 3 && !site.startsWith("encoder") ? [] : real)); // biome-ignore format: one row
        expect(maxDifference(own, value), site).toBeLessThan(1e-5);
        const invoked = apart[row].value(site as never) as MxArray;
        expect(maxDifference(invoked, unwritten.get(site)), site).toBeLessThan(1e-5);
      }
    }
  });

  it("refuses to select positions of the read text in the written one", async () => {
    const model = await opened;
    const args = [{ written: [written] }];
    const last = (site: string) =>
      model.run([first], { save: site as never, positions: [-1], args });
    await expect(last("decoder.layers.0")).rejects.toMatchObject({ code: "MISSING_AXIS" });
    expect((await last("encoder.layers.0")).get("encoder.layers.0" as never).shape).toEqual([
      1, 1, 32,
    ]);
  });

  it("shows no list of layers that a method for a decoder alone could take for its own", async () => {
    const { anatomy } = await opened;
    expect(() => anatomy.layers).toThrow(MissingAnatomyError);
    expect(() => anatomy.weights(0)).toThrow(/encoder and a decoder/);
    await expect(loadModel(folder)).rejects.toMatchObject({ code: "MODEL_KIND" });
    expect(LanguageModel.name).toBe("LanguageModel");
  });

  it("writes for several prompts what it writes for each, also while something is changed", async () => {
    const model = await opened;
    const interventions = {
      "decoder.layers.1.crossAttention": (x: MxArray) => mx.multiply(x, 3),
      "encoder.layers.0": (x: MxArray) => mx.multiply(x, 1.5),
    };
    for (const change of [{}, { interventions }]) {
      const options = { maxTokens: 5, ignoreEos: true, ...change };
      const prompts = [first.slice(0, 8), second];
      const together: number[][] = [[], []];
      for await (const step of model.generateBatch(prompts, options)) {
        step.rows.forEach((one, row) => void together[row].push(one?.token ?? -1));
      }
      for (const [row, prompt] of prompts.entries()) {
        const text = [0];
        while (text.length <= 5) {
          const args = [{ written: mx.array([text], mx.int32) }];
          const logits = (await model.run([prompt], { args, ...change })).get("output");
          text.push(Number(mx.argmax(logits.index(0, -1)).item()));
        }
        expect(together[row]).toEqual(text.slice(1));
      }
    }
  });

  it("goes on from a cache, and only about the text that it holds", async () => {
    const model = await opened;
    const whole = (await model.run([first], { args: [{ written: [written] }] })).get("output");
    const cache = model.createCache();
    const [begin, rest] = [written.slice(0, 3), written.slice(3)];
    await model.run([first], { args: [{ written: [begin], cache }] });
    const later = model.run([first], { args: [{ written: [rest], cache }] });
    const logits = (await later).get("output");
    expect(maxDifference(logits, whole.index(mx.Slice(), mx.Slice(4, null)))).toBeLessThan(1e-5);
    const other = model.run([second], { args: [{ written: [rest], cache }] });
    await expect(other).rejects.toMatchObject({ code: "INVALID_ARGUMENT", argument: "cache" });
  });

  it.each([
    [{ written: [[1, 2], [3]] }, "INVALID_ARGUMENT"],
    [{ written: [[1, 2]] }, "INVALID_ARGUMENT"],
    [{ written: [[72], [1]] }, "TOKEN_RANGE"],
    [{ written: "a text without a tokenizer" }, "INVALID_PROMPT"],
    [{ writen: [[1], [1]] }, "INVALID_ARGUMENT"],
    ["written", "INVALID_ARGUMENT"],
  ])("refuses %j", async (given, code) => {
    const model = await opened;
    await expect(model.run([first, second], { args: [given] })).rejects.toMatchObject({ code });
  });

  it("refuses what generation does with one text only", async () => {
    const model = await opened;
    const attempt = () => model.generateText([first], { save: "decoder.layers.*" as never });
    await expect(attempt()).rejects.toMatchObject({ code: "INVALID_ARGUMENT", argument: "save" });
  });

  it("passes every invariant that two stacks have", async () => {
    const { passed, invariants } = await (await opened).verify({ prompt: [first] });
    expect(invariants.filter((one) => !one.passed)).toEqual([]);
    expect(passed).toBe(true);
    expect(invariants).toHaveLength(9);
    expect(invariants.every(({ magnitude }) => magnitude > 0)).toBe(true);
  });

  it.each([1, 3, 7])("passes them of %i tokens, fewer than are written", async (length) => {
    const { passed } = await (await opened).verify({ prompt: [first.slice(0, length)] });
    expect([first.length >= length, passed]).toEqual([true, true]);
  });

  it("is found unsound where a layer adds more to the stream than its parts write", async () => {
    const model = await loadModel(folder, { as: EncoderDecoderModel });
    const [, layer] = model.module.encoder.layers;
    const { forward } = layer;
    layer.forward = function (...inputs) {
      return mx.add(forward.apply(this, inputs), 0.01);
    };
    const { invariants, passed } = await model.verify({ prompt: [first] });
    expect(passed).toBe(false);
    const wrong = invariants.filter((one) => !one.passed).map(({ name, where }) => [name, where]);
    expect(wrong).toContainEqual(["writes add up", "encoder.layers.1"]);
  });

  it("computes the same where norms only normalise, also what is read of the encoder", async () => {
    for (const name of ["t5/written", "t5/written-gated"]) {
      const model = await loadModel(referenceFolder(name), { as: EncoderDecoderModel });
      const small = (ids: readonly number[]) => ids.map((id) => 3 + (id % 37)); // of either vocabulary
      const [folded, args] = [await model.folded(), [{ written: [small(written)] }]];
      const logits = (await model.run([small(first)], { args })).get("output");
      expect(maxDifference((await folded.run([small(first)], { args })).get("output"), logits), name).toBeLessThan(1e-4); // biome-ignore format: one comparison
      for (const norm of [
        folded.module.encoder.finalNorm,
        folded.module.decoder.layers[1].crossAttentionNorm,
      ]) {
        // biome-ignore format: two norms
        expect(maxDifference(norm.weight!, mx.ones(norm.weight!.shape))).toBe(0);
      }
      await expect(model.folded({ centreWrites: true })).rejects.toMatchObject({ code: "UNSUPPORTED_FOLD", option: "centreWrites" }); // biome-ignore format: one call
    }
  });

  it("is saved as it was loaded, with a head of its own where it has one", async () => {
    for (const name of ["t5/written", "t5/written-gated"]) {
      const model = await loadModel(referenceFolder(name), { as: EncoderDecoderModel });
      const saved = join(temporaryFolder(), "saved");
      await model.save(saved);
      const again = await loadModel(saved, { as: EncoderDecoderModel });
      const expected = (await model.run([[5, 6, 7]])).get("output");
      expect(maxDifference((await again.run([[5, 6, 7]])).get("output"), expected)).toBe(0);
    }
  });
});

/** Where another bucket begins, from distance −200 on, as transformers has it. */
const borders = {
  reads: [
    ...[-200, -90, -63, -45, -31, -22, -15, -11, -7, -6, -5, -4, -3, -2, -1, 0],
    ...[1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91],
  ],
  writes: [
    ...[-200, -112, -98, -86, -76, -66, -58, -51, -45, -39, -34, -30, -26, -23, -20, -18],
    ...[-15, -14, -13, -12, -11, -10, -9, -8, -7, -6, -5, -4, -3, -2, -1, 0],
  ],
};

describe("distances", () => {
  it.each(["reads", "writes"] as const)("fall into the buckets of T5 where a stack %s", (stack) => {
    const bias = new DistanceBias(1, { buckets: 32, farthest: 128 }, stack === "reads");
    const all = Array.from({ length: 401 }, (_, index) => index - 200);
    const begin = all.filter(
      (one) => one === -200 || bias.bucketOf(one) !== bias.bucketOf(one - 1),
    );
    expect(begin).toEqual(borders[stack]);
  });
});
