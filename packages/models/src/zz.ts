import { mx, collect } from "@mlxterp/mlx";
import { setImmediate as turn } from "node:timers/promises";
const t=async(f:()=>any,n=30)=>{ const run=async()=>{const r=f(); collect(); await turn(); const a=performance.now(); mx.eval(r); return performance.now()-a;}; for(let i=0;i<3;i++) await run(); let s=[]; for(let i=0;i<n;i++) s.push(await run()); s.sort((a,b)=>a-b); return s[n>>1].toFixed(3)};
for (const [I,O] of [[768,768],[768,3072],[3072,768],[768,50257]]) for (const L of [1,4,64,512]) {
  if (O>10000&&L>64) continue;
  const x=mx.random.normal([1,L,I]); const w=mx.random.normal([O,I]); const wt=mx.multiply(mx.random.normal([I,O]),1);
  mx.eval(x,w,wt); const wv=wt.T; const wide=mx.random.normal([I,3*O]); mx.eval(wide); const sl=wide.split(3,-1)[0].T; mx.eval(sl);
  console.log(I,O,L,'(out,in)',await t(()=>mx.matmul(x,w.T)),'(in,out).T.T',await t(()=>mx.matmul(x,wv.T)),'slice view',O<10000?await t(()=>mx.matmul(x,sl.T)):'');
}
