/** Adapters of mlx-lm, against weights that are changed by hand. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { keySequence } from "../../decoder/model/initialize.js";
import { loadModel } from "../../index.js";
import {
  llamaJson,
  llamaTensors,
  temporaryFolder,
  writeCheckpoint,
} from "../../test-support/checkpoints.js";
import { maxDifference } from "../../test-support/reference.js";

const ids = [3, 1, 4, 1, 5];
const attention = "model.layers.1.self_attn.q_proj";
const keys = keySequence(5);
const random = (...shape: number[]) => mx.random.normal(shape, mx.float32, 0, 0.3, keys());
const [a, b] = [random(32, 4), random(4, 32)]; // (in, rank), (rank, out)

function writeAdapter(tensors: Record<string, MxArray>, settings: object): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "adapter_config.json"), JSON.stringify(settings));
  mx.saveSafetensors(join(folder, "adapters.safetensors"), tensors);
  return folder;
}

const settings = (type: string) => ({
  fine_tune_type: type,
  model: "org/base",
  num_layers: 1,
  lora_parameters: { rank: 4, scale: 20, dropout: 0, keys: ["self_attn.q_proj"] },
});

async function expectSame(adapter: string, changed: Record<string, MxArray>, live = true) {
  const byHand = await loadModel(writeCheckpoint(llamaJson, { ...llamaTensors(), ...changed }));
  const expected = (await byHand.run([ids])).get("output");
  for (const beside of live ? [false, true] : [false]) {
    const model = await loadModel(writeCheckpoint(), { adapter, live: beside });
    expect(maxDifference((await model.run([ids])).get("output"), expected)).toBeLessThan(1e-4);
  }
  const plain = (await (await loadModel(writeCheckpoint())).run([ids])).get("output");
  expect(maxDifference(plain, expected)).toBeGreaterThan(0.01);
}

describe("an adapter of mlx-lm", () => {
  it("adds scale · (a b)ᵀ", async () => {
    const tensors = { [`${attention}.lora_a`]: a, [`${attention}.lora_b`]: b };
    const change = mx.multiply(mx.matmul(a, b), 20).T;
    const weight = mx.add(llamaTensors()[`${attention}.weight`], change);
    await expectSame(writeAdapter(tensors, settings("lora")), { [`${attention}.weight`]: weight });
  });

  it("with DoRA gives each row its length", async () => {
    const m = mx.add(mx.abs(random(32)), 0.5);
    const tensors = {
      [`${attention}.lora_a`]: a,
      [`${attention}.lora_b`]: b,
      [`${attention}.m`]: m,
    };
    const change = mx.multiply(mx.matmul(a, b), 20).T;
    const sum = mx.add(llamaTensors()[`${attention}.weight`], change);
    const lengths = mx.sqrt(mx.sum(mx.square(sum), 1, true));
    const weight = mx.multiply(sum, mx.divide(m.reshape([-1, 1]), lengths));
    await expectSame(writeAdapter(tensors, settings("dora")), { [`${attention}.weight`]: weight });
  });

  it("of an embedding has its factors the other way round", async () => {
    const [rows, columns] = [random(19, 4), random(4, 32)]; // (vocab, rank), (rank, hidden)
    const name = "model.embed_tokens";
    const tensors = { [`${name}.lora_a`]: rows, [`${name}.lora_b`]: columns };
    const change = mx.multiply(mx.matmul(rows, columns), 20);
    const weight = mx.add(llamaTensors()[`${name}.weight`], change);
    const adapter = writeAdapter(tensors, settings("lora"));
    await expectSame(adapter, { [`${name}.weight`]: weight }, false);
  });

  it("may be whole weights, where all were trained", async () => {
    const weight = random(32, 32);
    const adapter = writeAdapter({ [`${attention}.weight`]: weight }, { fine_tune_type: "full" });
    await expectSame(adapter, { [`${attention}.weight`]: weight });
  });

  it("is refused without its scale, and with experts of its own", async () => {
    const tensors = { [`${attention}.lora_a`]: a, [`${attention}.lora_b`]: b };
    const loading = loadModel(writeCheckpoint(), {
      adapter: writeAdapter(tensors, { fine_tune_type: "lora" }),
    });
    await expect(loading).rejects.toMatchObject({ field: "lora_parameters" });
    const stacked = { [`${attention}.lora_a`]: random(2, 32, 4), [`${attention}.lora_b`]: b };
    const adapter = writeAdapter(stacked, settings("lora"));
    await expect(loadModel(writeCheckpoint(), { adapter })).rejects.toThrow(/lora_a/);
  });
});

describe("the choice of adapters", () => {
  it.each([
    [3],
    [{ weight: 2 }],
    [[{ source: "x", weight: Number.NaN }]],
    [{ source: "x", wieght: 1 }],
  ])("%j is no adapter", async (adapter) => {
    const loading = loadModel("tiny", { adapter: adapter as unknown as string });
    await expect(loading).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});
