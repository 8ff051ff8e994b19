import { readFileSync } from "node:fs";
import { listParameters, loadModel } from "@mlxterp/models";
import { mx, evaluate } from "@mlxterp/mlx";
const status = (k: string) => Number(new RegExp(k+":\\s+(\\d+)").exec(readFileSync("/proc/self/status","utf8"))![1])/1024;
const [,, dir, q] = process.argv;
await evaluate([mx.matmul(mx.ones([64,64]), mx.ones([64,64]))]); // BLAS buffers
const before = status("VmRSS");
const t0 = performance.now();
const m = await loadModel(dir, q ? { quantize: { bits: Number(q), groupSize: 64 } } : {});
const ms = performance.now()-t0;
const peak = status("VmHWM");
const weights = [...listParameters(m.module).values()].reduce((s,a)=>s+a.nbytes,0)/2**20;
console.log(dir.split("/").at(-1), q??"", "weights", weights.toFixed(1),"MiB; rise of peak", (peak-before).toFixed(1), "ratio", ((peak-before)/weights).toFixed(3), "load", ms.toFixed(0),"ms", "rss after", (status("VmRSS")-before).toFixed(1));
