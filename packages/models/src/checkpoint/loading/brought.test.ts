/** Checkpoints, adapters and wrappers as their own libraries write them, against what those compute. */
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type MxArray, mx, UnsupportedDtypeError } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { LanguageModel, type LoadOptions, loadModel, RecurrentModel } from "../../index.js";
import { temporaryFolder } from "../../test-support/checkpoints.js";

const brought = fileURLToPath(new URL("../../../references/brought", import.meta.url));
const base = join(brought, "adapters/base");
const adapterFolder = (name: string) => join(brought, "adapters", name);

/** The largest difference from the logits of the folder's expected.json. */
async function difference(
  expected: string,
  source: string,
  options: LoadOptions & { readonly as?: typeof RecurrentModel } = {},
) {
  const file = readFileSync(join(expected, "expected.json"), "utf8");
  const { ids, logits } = JSON.parse(file) as { ids: number[]; logits: number[] };
  const model = await loadModel<LanguageModel | RecurrentModel>(source, {
    as: LanguageModel,
    ...options,
  });
  const found = (await model.run([ids], { save: "output" })).last("output").tolist() as number[][];
  return Math.max(...found[0].map((logit, token) => Math.abs(logit - logits[token])));
}

describe("a checkpoint of torch", () => {
  it.each(["torch-zip", "torch-old-shards"])("is what torch wrote: %s", async (name) => {
    const folder = join(brought, name);
    expect(await difference(folder, folder)).toBeLessThan(1e-4);
  });
});

describe("an adapter of PEFT", () => {
  it.each(["patterns", "dora", "pickled", "whole-modules"])(
    "computes as in PEFT, in the weights and beside them: %s",
    async (name) => {
      const adapter = adapterFolder(name);
      expect(await difference(adapter, base, { adapter })).toBeLessThan(1e-4);
      expect(await difference(adapter, base, { adapter, live: true })).toBeLessThan(1e-4);
    },
  );

  it("brings the embeddings of the tokens that were added for it, and their adapter", async () => {
    const adapter = adapterFolder("resized");
    expect(await difference(adapter, base, { adapter })).toBeLessThan(1e-4);
    const live = loadModel(base, { adapter, live: true });
    await expect(live).rejects.toMatchObject({ code: "UNSUPPORTED_CONFIG", field: "live" });
  });

  it("is added to others, each with its weight", async () => {
    const adapter = [
      { source: adapterFolder("first"), weight: 0.5 },
      { source: adapterFolder("second"), weight: -1.25 },
    ];
    expect(await difference(adapterFolder("two"), base, { adapter })).toBeLessThan(1e-4);
    expect(await difference(adapterFolder("two"), base, { adapter, live: true })).toBeLessThan(
      1e-4,
    );
  });
});

describe("an adapter of PEFT that is not whole", () => {
  /** A copy whose tensors were changed. */
  function changed(name: string, change: (tensors: Record<string, MxArray>) => void): string {
    const folder = temporaryFolder();
    cpSync(adapterFolder(name), folder, { recursive: true });
    const file = join(folder, "adapter_model.safetensors");
    const tensors = { ...(mx.load(file) as Record<string, MxArray>) };
    mx.eval(...Object.values(tensors));
    change(tensors);
    mx.saveSafetensors(file, tensors);
    return folder;
  }
  const drop = (pattern: RegExp) => (tensors: Record<string, MxArray>) => {
    for (const name of Object.keys(tensors)) if (pattern.test(name)) delete tensors[name];
  };

  it("is refused: DoRA without lengths, modules to save that are not there, factors in whole numbers", async () => {
    const without = changed("dora", drop(/layers\.0\.self_attn\.o_proj\.lora_magnitude_vector/));
    const loading = (adapter: string) => loadModel(base, { adapter });
    await expect(loading(without)).rejects.toThrow(
      /lora_magnitude_vector, which use_dora asks for/,
    );
    const headless = changed("whole-modules", drop(/lm_head/));
    await expect(loading(headless)).rejects.toThrow(/a weight of lm_head, which modules_to_save/);
    for (const dtype of [mx.int32, mx.bool, mx.complex64]) {
      const whole = changed("first", (tensors) => {
        const name = Object.keys(tensors).find((key) => key.includes("lora_A"))!;
        tensors[name] = tensors[name].astype(dtype);
      });
      await expect(loading(whole)).rejects.toThrow(UnsupportedDtypeError);
    }
  });
});

describe("a wrapper of texts and pictures", () => {
  it.each([
    ["gemma3", /vision_tower, multi_modal_projector|multi_modal_projector, vision_tower/],
    ["mistral3", /vision_tower/],
    ["llava", /vision_tower/],
    ["qwen2_vl", /visual/],
    ["qwen3_vl", /visual/],
    ["llama4", /vision_model/],
    ["gemma4_unified", /(?=.*embed_audio)(?=.*vision_embedder)/],
    ["qwen3_5", /visual/],
    ["qwen3_5_moe", /visual/],
  ])("%s computes its language model, and says what was left out", async (name, parts) => {
    const folder = join(brought, "wrappers", name);
    const options = name.startsWith("qwen3_5") ? { as: RecurrentModel } : {};
    expect(await difference(folder, folder, options)).toBeLessThan(1e-4);
    const { notes } = await loadModel<LanguageModel | RecurrentModel>(folder, {
      as: LanguageModel,
      ...options,
    });
    expect(notes.join()).toMatch(parts);
    expect(notes.join()).toContain(`${name} wraps a language model`);
  });
});
