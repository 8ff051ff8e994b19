/** Mamba against transformers, and its sites, memory and interventions. */
import { MissingAnatomyError } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { loadModel } from "../checkpoint/loading/load-model.js";
import { ModelKindError } from "../errors.js";
import { RecurrentModel } from "../recurrent-model/recurrent-model.js";
import { maxDifference, readActivations, rows } from "../test-support/reference.js";
import { referenceFolder } from "../test-support/reference-folders.js";

const folder = referenceFolder("mamba/base");

describe("mamba", () => {
  const opened = loadModel(folder, { as: RecurrentModel });
  const activations = readActivations(folder);

  it("has transformers' hidden states and logits", async () => {
    const model = await opened;
    const cache = await model.run(rows(activations.input_ids), {
      save: ["layers.*", "finalNorm", "output"],
    });
    for (let layer = 0; layer < 3; layer++) {
      const ours = cache.get(`layers.${layer}`);
      const theirs = activations[layer === 2 ? "last_layer" : `hidden.${layer}`];
      expect(maxDifference(ours, theirs)).toBeLessThan(1e-4);
    }
    expect(maxDifference(cache.get("finalNorm"), activations["hidden.3"])).toBeLessThan(1e-4);
    expect(maxDifference(cache.get("output"), activations.logits)).toBeLessThan(1e-4);
  });

  it("gives padded prompts the same logits at their real tokens", async () => {
    const model = await opened;
    const mask = rows(activations.padded_mask);
    const prompts = rows(activations.padded_input_ids).map((ids, row) =>
      ids.slice(0, mask[row].filter((real) => real === 1).length),
    );
    const ours = (await model.run(prompts)).get("output");
    const real = mx.expandDims(activations.padded_mask, 2);
    const apart = mx.multiply(mx.subtract(ours, activations.padded_logits), real);
    expect(maxDifference(apart, mx.zerosLike(apart))).toBeLessThan(1e-4);
  });

  it("continues greedily with the same tokens, from its memory and without it", async () => {
    const model = await opened;
    const [expected] = rows(activations.generated);
    const tokens = expected.slice(0, 12);
    const options = { maxTokens: 8, ignoreEos: true };
    for await (const { token } of model.generate([...tokens], options)) tokens.push(token);
    expect(tokens).toEqual(expected);
    const logits = (await model.run([expected.slice(0, -1)])).get("output");
    const choices = rows(mx.argmax(logits, -1))[0].slice(11);
    expect(choices).toEqual(expected.slice(12));
  });

  it("gives the same logits from memory as over the whole text", async () => {
    const model = await opened;
    const ids = rows(activations.input_ids);
    const cache = model.createCache();
    const parts = [
      [0, 2],
      [2, 3],
      [3, 12],
    ].map(([start, end]) =>
      model.forward(
        ids.map((row) => row.slice(start, end)),
        { cache },
      ),
    );
    expect(cache.length).toBe(12);
    expect(maxDifference(mx.concatenate(parts, 1), activations.logits)).toBeLessThan(1e-4);
  });

  it("has the same gradient at the output of layer 1", async () => {
    const model = await opened;
    const { gradients } = await model.gradients(
      rows(activations.input_ids),
      (logits) => mx.subtract(logits.index(0, -1, 5), logits.index(0, -1, 7)),
      { save: "layers.2.input" },
    );
    const ours = gradients.get("layers.2.input");
    expect(maxDifference(ours, activations["grad.hidden.1"])).toBeLessThan(1e-4);
  });

  it("has sites with axes for every step of the mixer", async () => {
    const model = await opened;
    const shapes = {
      convolution: [1, 5, 64],
      gate: [1, 5, 64],
      delta: [1, 5, 64],
      B: [1, 5, 6],
      C: [1, 5, 6],
      decay: [1, 5, 64, 6],
      write: [1, 5, 64, 6],
      state: [1, 5, 64, 6],
      read: [1, 5, 64],
      post: [1, 5, 64],
      outProj: [1, 5, 32],
    };
    const cache = await model.run([[3, 1, 4, 1, 5]], { save: "layers.1.mixer.*" });
    for (const [name, shape] of Object.entries(shapes)) {
      expect(cache.get(`layers.1.mixer.${name}`).shape, name).toEqual(shape);
    }
    using trace = model.trace([[3, 1, 4]]);
    expect(trace.layers[1].mixer.delta.shape).toEqual([1, 3, 64]);
  });

  it("carries what is written on to later positions, and forgets what is taken out", async () => {
    const model = await opened;
    const logits = async (ids: number[], site: string) => {
      const forgetFirst = (x: MxArray) =>
        mx.multiply(x, mx.array([0, 1, 1, 1]).reshape([1, 4, 1, 1]));
      const save = ["layers.2.mixer.state", "output"];
      return model.run([ids], { save, interventions: { [site]: forgetFirst } });
    };
    const states = "layers.2.mixer.state";
    const [plain, read, written] = [
      await model.run([[7, 1, 2, 3]], { save: [states, "output"] }),
      await logits([7, 1, 2, 3], states),
      await logits([7, 1, 2, 3], "layers.2.mixer.write"),
    ];
    const last = ["...", -1, mx.Slice()] as const;
    const change = (cache: typeof plain) =>
      maxDifference(cache.get("output").index(...last), plain.get("output").index(...last));
    expect(change(read)).toBe(0); // what is read at the first position concerns nobody later
    expect(change(written)).toBeGreaterThan(1e-3);
    expect(maxDifference(written.get(states), plain.get(states))).toBeGreaterThan(1e-3);
  });

  it("says what it is and what it lacks", async () => {
    const model = await opened;
    expect(() => model.anatomy.heads).toThrow(MissingAnatomyError);
    await expect(loadModel(folder)).rejects.toThrow(ModelKindError);
    await expect(loadModel(folder)).rejects.toThrow("{ as: RecurrentModel }");
  });
});
