import { loadModel } from "./loading/load-model.js";
import { compareWithReference } from "./test-support/reference-comparison.js";
import { readActivations, sharedFolder } from "./test-support/reference.js";
for (const name of process.argv.slice(2)) {
  const folder = `${sharedFolder}/reference/families/${name}`;
  try { console.log(name, JSON.stringify(await compareWithReference(await loadModel(folder), readActivations(folder)))); }
  catch (e) { console.log(name, e); }
}
