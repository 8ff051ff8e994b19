import { mx } from "@mlxterp/mlx";
import { loadModel } from "./loading/load-model.js";
import { readActivations, sharedFolder,rows,maxDifference } from "./test-support/reference.js";
const n=process.argv[2];
const folder = `${sharedFolder}/reference/families/${n}`;
const a = readActivations(folder);
const [ids]=rows(a.generated);
let bad=0;
for (let r=0;r<+process.argv[3];r++) {
const m = await loadModel(folder); 
if (process.argv[4]) { const g=mx.grad((h:any)=>mx.sum(m.module.layers[1].mlp.forward(h)))(a["hidden.1"]); mx.eval(g); await m.run(rows(a.input_ids),{save:"**"}); }
const toks=[]; for await (const s of m.generate(ids.slice(0,14),{maxTokens:8,ignoreEos:true})) toks.push(s.token);
if (toks.join()!==ids.slice(14).join()) {bad++; console.log(r,toks.join(),ids.slice(14).join());}
}
console.log(n,"bad",bad);
