import { readdirSync } from "node:fs";
import { loadModel } from "../src/index.js";
import { readActivations, reference } from "../src/test-support/reference.js";
import { compareWithReference } from "../src/test-support/reference-comparison.js";
const only = process.argv.slice(2);
const { folder } = reference("reference/families");
for (const name of readdirSync(folder)) {
  if (only.length && !only.includes(name)) continue;
  try {
    const model = await loadModel(`${folder}/${name}`);
    const r = await compareWithReference(model, readActivations(`${folder}/${name}`));
    const f = (x: number | boolean) => typeof x === "number" ? x.toExponential(1) : x ? "ok" : "NO";
    console.log(name.padEnd(18), Object.entries(r).map(([k, v]) => `${k} ${f(v)}`).join("  "));
  } catch (e) { console.log(name.padEnd(18), "ERROR", String(e).slice(0, 300)); }
}
