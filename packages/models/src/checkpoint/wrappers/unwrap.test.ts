/** Configurations of wrappers as they are published, where the text part leaves out what its class has as defaults. */
import { describe, expect, it } from "vitest";
import { families, familyOf } from "../../families/index.js";
import type { Family } from "../../families/shared/family.js";
import { unwrap } from "./unwrap.js";

const tensor = (name: string) => ({ name, dtype: "F32", shape: [1], file: "model.safetensors" });

function describeText(json: object, names: readonly string[] = []) {
  const unwrapped = unwrap(json, "config.json", names.map(tensor));
  const family = familyOf(unwrapped?.json, "config.json") as Family;
  return family.describe(unwrapped?.json, "config.json");
}

const vision_config = { model_type: "siglip_vision_model", hidden_size: 1152 };

describe("the language model of a wrapper", () => {
  it("has the sizes of Gemma 3 where the file leaves them out", () => {
    const text_config = {
      ...{ hidden_size: 2560, intermediate_size: 10_240, model_type: "gemma3_text" },
      ...{ num_hidden_layers: 34, sliding_window: 1024 },
      rope_scaling: { factor: 8, rope_type: "linear" },
    };
    const config = describeText({ model_type: "gemma3", text_config, vision_config });
    expect(config).toMatchObject({ vocab: 262_208, hidden: 2560, head: { tied: true } });
    const [{ attention }] = config.layers;
    expect(attention).toMatchObject({ heads: 8, kvHeads: 4, headDim: 256, window: 1024 });
  });

  it("has the sizes of Llama where the file says no more than its name", () => {
    const text_config = { model_type: "llama", rms_norm_eps: 1e-5, vocab_size: 32_064 };
    const config = describeText({ model_type: "llava", text_config, vision_config }, [
      "lm_head.weight",
    ]);
    expect(config).toMatchObject({ vocab: 32_064, hidden: 4096, head: { tied: false } });
    expect(config.layers).toHaveLength(32);
  });

  it("stands beside the fields of pictures in older files", () => {
    const config = describeText({
      ...{
        model_type: "qwen2_vl",
        hidden_size: 1536,
        intermediate_size: 8960,
        vocab_size: 151_936,
      },
      ...{ num_attention_heads: 12, num_key_value_heads: 2, num_hidden_layers: 28 },
      ...{ max_position_embeddings: 32_768, rope_theta: 1e6, rms_norm_eps: 1e-6 },
      ...{ use_sliding_window: false, sliding_window: 32_768, max_window_layers: 28 },
      ...{ vision_start_token_id: 151_652, vision_token_id: 151_654, image_token_id: 151_655 },
      ...{ tie_word_embeddings: true, vision_config },
      rope_scaling: { type: "mrope", mrope_section: [16, 24, 24] },
    });
    expect(config).toMatchObject({ hidden: 1536, head: { tied: true } });
    expect(config.layers[0].attention.rope).toMatchObject({ base: 1e6 });
    expect(config.layers[0].attention.rope?.scaling).toBeUndefined();
  });

  it("is refused where there is none, or one we do not have", () => {
    expect(() => describeText({ model_type: "llava", text_config: 3 })).toThrow(/text_config is 3/);
    const other = { model_type: "llava", text_config: { model_type: "dream" } };
    expect(() => describeText(other)).toThrow(/"dream" is not supported/);
    expect(unwrap({ model_type: "paligemma", text_config: {} }, "config.json", [])).toBeUndefined();
    for (const { modelType } of families) {
      expect(unwrap({ model_type: modelType }, "config.json", [])).toBeUndefined();
    }
  });
});
