#!/usr/bin/env python3
"""Makes the small checkpoints and adapters of this folder as their own libraries write them, and what those compute.

    python3 -m venv venv && venv/bin/pip install torch==2.13.0 transformers==5.18.0 peft==0.21.0 safetensors numpy
    venv/bin/python packages/models/references/brought/make.py

Run by hand, never by tests. Each folder has an expected.json: token ids, and the logits of the last of them.
"""

import json
import os
import shutil
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")

import peft
import torch
import transformers
from transformers import AutoModelForCausalLM, AutoModelForImageTextToText, LlamaConfig, LlamaForCausalLM

here = Path(__file__).parent
ids = [3, 1, 4, 1, 5, 9, 2]
sizes = dict(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2)
llama = dict(vocab_size=24, max_position_embeddings=32, tie_word_embeddings=False, **sizes)


def randomized(model, seed=0):
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator) * 0.3
    return model.eval()


def expect(folder, model, prompt=ids):
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([prompt])).logits[0, -1].float()
    (folder / "expected.json").write_text(json.dumps({"ids": prompt, "logits": logits.tolist()}) + "\n")


def fresh(name):
    folder = here / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def base():
    return randomized(LlamaForCausalLM(LlamaConfig(**llama)))


def torch_checkpoints():
    model = base()
    state = model.state_dict()
    folder = fresh("torch-zip")  # columns first, and two tensors that share what they are saved with
    model.config.save_pretrained(folder)
    fused = torch.cat([state["model.layers.0.mlp.gate_proj.weight"], state["model.layers.0.mlp.up_proj.weight"]])
    state["model.layers.0.mlp.gate_proj.weight"], state["model.layers.0.mlp.up_proj.weight"] = fused[:24], fused[24:]
    for name in ["model.layers.1.self_attn.q_proj.weight", "lm_head.weight"]:
        state[name] = state[name].T.contiguous().T
    torch.save(state, folder / "pytorch_model.bin")
    expect(folder, model)

    folder = fresh("torch-old-shards")  # bfloat16
    model = base().bfloat16()
    model.config.save_pretrained(folder)
    names = list(model.state_dict())
    shards = {f"pytorch_model-0000{i + 1}-of-00002.bin": names[i::2] for i in range(2)}
    for shard, inside in shards.items():
        tensors = {name: model.state_dict()[name] for name in inside}
        torch.save(tensors, folder / shard, _use_new_zipfile_serialization=False)
    index = {"weight_map": {name: shard for shard, inside in shards.items() for name in inside}}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    expect(folder, model.float())


def adapter(name, settings, *, resize=None, pickled=False, prompt=ids, seed=1):
    folder = fresh(name)
    model = base()
    if resize:
        model.resize_token_embeddings(resize)
        randomized(model, seed=7)
    wrapped = peft.get_peft_model(model, peft.LoraConfig(task_type="CAUSAL_LM", **settings))
    generator = torch.Generator().manual_seed(seed)
    for parameter in wrapped.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data + torch.randn(parameter.shape, generator=generator) * 0.2
    wrapped.eval()
    wrapped.save_pretrained(folder)
    if pickled:
        from safetensors.torch import load_file

        torch.save(load_file(folder / "adapter_model.safetensors"), folder / "adapter_model.bin")
        (folder / "adapter_model.safetensors").unlink()
    (folder / "README.md").unlink(missing_ok=True)
    config = json.loads((folder / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = "org/small-llama"
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=1) + "\n")
    expect(folder, wrapped, prompt)
    return wrapped


def adapters():
    folder = fresh("adapters/base")
    base().save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    attention = ["q_proj", "v_proj", "down_proj"]
    patterns = dict(rank_pattern={"down_proj": 5}, alpha_pattern={r"layers\.1\.self_attn\.q_proj": 7})
    adapter("adapters/patterns", dict(r=3, lora_alpha=8, use_rslora=True, target_modules=attention, **patterns))
    adapter("adapters/dora", dict(r=2, lora_alpha=4, use_dora=True, target_modules=[*attention, "o_proj"]))
    adapter("adapters/pickled", dict(r=2, lora_alpha=4, target_modules=attention), pickled=True, seed=2)
    whole = dict(modules_to_save=["lm_head", "norm"], bias="none")
    adapter("adapters/whole-modules", dict(r=2, lora_alpha=4, target_modules=attention, **whole))
    resized = dict(r=2, lora_alpha=4, target_modules=["embed_tokens", "q_proj"], modules_to_save=["lm_head"])
    # The base of an adapter with more tokens is the base model with other rows: only theirs are in the adapter.
    resized_adapter(resized)

    folder = fresh("adapters/two")  # the sum that PEFT calls cat
    wrapped = adapter("adapters/first", dict(r=2, lora_alpha=4, target_modules=attention), seed=3)
    adapter("adapters/second", dict(r=3, lora_alpha=6, target_modules=["q_proj", "o_proj"]), seed=4)
    wrapped.load_adapter(here / "adapters/second", adapter_name="second")
    wrapped.add_weighted_adapter(["default", "second"], [0.5, -1.25], "sum", combination_type="cat")
    wrapped.set_adapter("sum")
    expect(folder, wrapped)


def resized_adapter(settings):
    folder = fresh("adapters/resized")
    model = base()
    model.resize_token_embeddings(27, mean_resizing=False)
    wrapped = peft.get_peft_model(model, peft.LoraConfig(task_type="CAUSAL_LM", **settings))
    generator = torch.Generator().manual_seed(5)
    for parameter in wrapped.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data + torch.randn(parameter.shape, generator=generator) * 0.2
    wrapped.eval()
    wrapped.save_pretrained(folder, save_embedding_layers=True)
    (folder / "README.md").unlink(missing_ok=True)
    expect(folder, wrapped, [3, 25, 4, 26, 5])


vision = dict(hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2, image_size=8, patch_size=4)


def wrapper(name, config):
    folder = fresh(f"wrappers/{name}")
    model = randomized(AutoModelForImageTextToText.from_config(config))
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    expect(folder, model)
    print(name, sum(file.stat().st_size for file in folder.iterdir()))


def wrappers():
    t = transformers
    text = dict(vocab_size=24, max_position_embeddings=64, **sizes)
    siglip = dict(model_type="siglip_vision_model", **vision)
    clip = dict(model_type="clip_vision_model", projection_dim=8, **vision)
    gemma = dict(head_dim=8, query_pre_attn_scalar=8, sliding_window=3, sliding_window_pattern=2)
    wrapper("gemma3", t.Gemma3Config(text_config={**text, **gemma}, vision_config=siglip, mm_tokens_per_image=4, image_token_index=23))
    pixtral = dict(model_type="pixtral", head_dim=4, **vision)
    mistral = dict(model_type="mistral", head_dim=4, sliding_window=None, tie_word_embeddings=False, **text)
    wrapper("mistral3", t.Mistral3Config(text_config=mistral, vision_config=pixtral, image_token_index=23, tie_word_embeddings=False))
    wrapper("llava", t.LlavaConfig(text_config=dict(model_type="llama", **llama), vision_config=clip, image_token_index=23))
    mrope = dict(rope_type="default", type="default", mrope_section=[1, 1], rope_theta=10000.0)
    qwen = dict(rope_parameters={**mrope, "mrope_section": [1, 1, 0]}, **text)
    small = dict(depth=1, embed_dim=8, num_heads=2, hidden_size=16, patch_size=4, mlp_ratio=1)
    tokens = dict(image_token_id=20, video_token_id=21, vision_start_token_id=22, vision_end_token_id=23)
    wrapper("qwen2_vl", t.Qwen2VLConfig(text_config=qwen, vision_config=small, tie_word_embeddings=False, **tokens))
    small3 = dict(depth=1, hidden_size=8, num_heads=2, intermediate_size=8, out_hidden_size=16, patch_size=4, num_position_embeddings=4, deepstack_visual_indexes=[0])
    qwen3 = dict(head_dim=8, rope_parameters={**mrope, "mrope_section": [2, 1, 1], "mrope_interleaved": True}, **text)
    wrapper("qwen3_vl", t.Qwen3VLConfig(text_config=qwen3, vision_config=small3, tie_word_embeddings=True, **tokens))


    delta = dict(linear_conv_kernel_dim=4, linear_key_head_dim=4, linear_value_head_dim=4, linear_num_key_heads=2, linear_num_value_heads=2)
    hybrid = dict(head_dim=8, layer_types=["linear_attention", "full_attention"], rope_parameters=dict(
        rope_type="default", rope_theta=10000.0, partial_rotary_factor=0.5, mrope_section=[1, 1, 0], mrope_interleaved=True), **delta, **text)
    plain = {key: value for key, value in small3.items() if key != "deepstack_visual_indexes"}
    wrapper("qwen3_5", t.Qwen3_5Config(text_config=hybrid, vision_config=plain, tie_word_embeddings=True, **tokens))
    experts = dict(num_experts=4, num_experts_per_tok=2, moe_intermediate_size=8, shared_expert_intermediate_size=8)
    hybrid = {key: value for key, value in hybrid.items() if key != "intermediate_size"} | experts
    wrapper("qwen3_5_moe", t.Qwen3_5MoeConfig(text_config=hybrid, vision_config=plain, tie_word_embeddings=False, **tokens))
    unified = dict(head_dim=4, global_head_dim=8, sliding_window=4, layer_types=["sliding_attention", "full_attention", "sliding_attention", "full_attention"],
                   num_kv_shared_layers=2, use_double_wide_mlp=True, final_logit_softcapping=5.0, **{**text, "num_hidden_layers": 4})
    embedded = dict(patch_size=2, pooling_kernel_size=2, mm_embed_dim=8, mm_posemb_size=4, output_proj_dims=16)
    wrapper("gemma4_unified", t.Gemma4UnifiedConfig(text_config=unified, vision_config=embedded, audio_config=dict(audio_embed_dim=8)))
    llama4 = dict(head_dim=4, intermediate_size_mlp=24, num_local_experts=2, attention_chunk_size=3, no_rope_layers=[1, 0], floor_scale=3, **text)
    seen = dict(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, image_size=8, patch_size=4,
                vision_output_dim=8, projector_input_dim=8, projector_output_dim=8, pixel_shuffle_ratio=0.5)
    wrapper("llama4", t.Llama4Config(text_config=llama4, vision_config=seen, boi_token_index=21, eoi_token_index=22, image_token_index=23))


def main():
    transformers.utils.logging.disable_progress_bar()
    torch_checkpoints()
    adapters()
    wrappers()


if __name__ == "__main__":
    main()
