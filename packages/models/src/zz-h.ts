// speed of a mixture layer at realistic widths
import { mx } from "@mlxterp/mlx";
import { MixtureOfExperts } from "./decoder/moe.js";
import { Mlp } from "./decoder/mlp.js";
for (const [E,k,H,M,T] of [[64,8,1024,512,128],[64,8,1024,512,1],[8,2,1024,2048,128]] as const) {
const cfg={hidden:M,activation:"silu",gated:true,bias:false} as const;
const moe=new MixtureOfExperts(H,cfg,{count:E,topK:k,scoring:"softmax",normalized:true});
const fill=(m:any)=>m.update(JSON.parse("{}"));
for (const p of ["gateProj","upProj","downProj"] as const) moe[p].weight=mx.random.normal(moe[p].weight.shape,mx.float32,0,0.02);
moe.router.weight=mx.random.normal([E,H],mx.float32,0,0.02);
mx.eval(moe.parameters());
const mlp=new Mlp(H,{...cfg,hidden:M*k}); mx.eval(mlp.parameters());
const x=mx.random.normal([1,T,H]); mx.eval(x);
const t=(f:()=>any)=>{mx.eval(f()); const s=performance.now(); for(let i=0;i<5;i++) mx.eval(f()); return (performance.now()-s)/5;};
console.log({E,k,H,M,T}, "moe", t(()=>moe.forward(x)).toFixed(2), "dense of the same active width", t(()=>mlp.forward(x)).toFixed(2));
}
