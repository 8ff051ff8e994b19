import { mx } from "@mlxterp/mlx";
import { mkdirSync, writeFileSync } from "node:fs";
// llama ~ 400 MB in f32: hidden 1024, mlp 2816, 8 layers, vocab 8000
const [,, kind, dtype, dir] = process.argv;
mkdirSync(dir, { recursive: true });
const t: any = {}; const D = (mx as any)[dtype];
const r = (...s: number[]) => mx.random.normal(s, mx.float32, 0, 0.02).astype(D);
if (kind === "llama") {
  const H=1024,M=2816,L=7,V=8000;
  t["model.embed_tokens.weight"]=r(V,H); t["model.norm.weight"]=r(H); t["lm_head.weight"]=r(V,H);
  for (let i=0;i<L;i++){const p=`model.layers.${i}.`; t[p+"input_layernorm.weight"]=r(H);t[p+"post_attention_layernorm.weight"]=r(H);
  for(const n of ["q","k","v","o"]) t[p+`self_attn.${n}_proj.weight`]=r(H,H); t[p+"mlp.gate_proj.weight"]=r(M,H);t[p+"mlp.up_proj.weight"]=r(M,H);t[p+"mlp.down_proj.weight"]=r(H,M);}
  writeFileSync(dir+"/config.json", JSON.stringify({model_type:"llama",vocab_size:V,hidden_size:H,intermediate_size:M,num_hidden_layers:L,num_attention_heads:16,num_key_value_heads:16,max_position_embeddings:512,rms_norm_eps:1e-5,tie_word_embeddings:false,hidden_act:"silu"}));
} else {
  const H=1024,L=7,V=8000; t["wte.weight"]=r(V,H);t["wpe.weight"]=r(512,H);t["ln_f.weight"]=r(H);t["ln_f.bias"]=r(H);
  for(let i=0;i<L;i++){const p=`h.${i}.`; for(const n of ["ln_1","ln_2"]){t[p+n+".weight"]=r(H);t[p+n+".bias"]=r(H);} const lin=(n:string,a:number,b:number)=>{t[p+n+".weight"]=r(a,b);t[p+n+".bias"]=r(b);}; lin("attn.c_attn",H,3*H);lin("attn.c_proj",H,H);lin("mlp.c_fc",H,4*H);lin("mlp.c_proj",4*H,H);}
  writeFileSync(dir+"/config.json", JSON.stringify({model_type:"gpt2",vocab_size:V,n_positions:512,n_embd:H,n_layer:L,n_head:16}));
}
mx.saveSafetensors(dir+"/model.safetensors", t);
console.log(kind, dtype, (Object.values(t) as any[]).reduce((s,a)=>s+a.nbytes,0)/1e6, "MB");
