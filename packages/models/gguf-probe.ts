import { loadModel } from "@mlxterp/models";
import { mx } from "@mlxterp/mlx";
const [,, a, b, src] = process.argv;
const ids = src.includes("families") ? (mx.load(src+"/reference.safetensors") as any).input_ids : [[1,403,407,261,378,9038]];
const [x, y, o] = [await loadModel(a), await loadModel(b), await loadModel(src)];
const [p,q,r] = [(await x.run(ids)).get("output"), (await y.run(ids)).get("output"), (await o.run(ids)).get("output")];
const d=(u:any,v:any)=>Number(mx.max(mx.abs(mx.subtract(u,v))).item());
console.log(a, "vs dequantized by gguf-py", d(p,q), "vs original", d(p,r), x.module.layers[0].selfAttn.qProj.constructor.name, x.eosTokens);
