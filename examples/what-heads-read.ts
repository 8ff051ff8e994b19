/** What do heads read, and what do they copy? Queries, keys, values and patterns are patched on the indirect-object task. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  activationPatching,
  builtInTask,
  htmlReport,
  loadModel,
  patch,
  taskAccuracy,
} from "mlxterp";

const model = await loadModel("tiny");
const { pairs, question } = builtInTask(model, "ioi", { size: 8 });

// Before anybody explains how: does the model do it?
const [{ prefers }] = (await taskAccuracy(model, pairs, question)).tables.summary.rows;
console.log(`prefers the right name on ${100 * prefers} % of the prompts`);

const kinds = ["head", "query", "key", "value", "pattern"] as const;
const patched = await activationPatching(model, pairs, { ...question, kinds: [...kinds] });
for (const kind of kinds) {
  const { values, labels } = patched.grids[kind]!;
  const best = values.indexOf(Math.max(...values));
  const heads = values.length / labels.layer.length;
  const name = `${Math.floor(best / heads)}.${best % heads}`;
  const restored = Math.round(10 * values[best]) / 10;
  console.log(restored > 0 ? `${kind}: ${restored} restored by head ${name}` : `${kind}: nothing`);
}
const [{ runs, passes, saved }] = patched.tables.work.rows;
console.log(`${runs} runs in ${passes} passes, ${(100 * saved).toFixed(0)} % of their work saved`);

const blocks = patch.view(patched);
const file = join(mkdtempSync(join(tmpdir(), "mlxterp-")), "what-heads-read.html");
writeFileSync(file, await htmlReport({ title: "What heads read", blocks }));
console.log(`${blocks.filter(({ kind }) => kind === "grid").length} pictures drawn`);
