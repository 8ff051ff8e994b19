/** Where is a fact recalled? Its subject is made unreadable, and states are put back one at a time (causal tracing). */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { causal, causalTracing, htmlReport, loadModel, valueAt } from "mlxterp";

const model = await loadModel("tiny");
const prompt = "the capital of France is";
const trace = await causalTracing(model, prompt, { subject: "France", window: 2 });

const [{ clean, noised }] = trace.tables.baselines.rows;
console.log(`Paris: ${percent(clean)}, with noise on France ${percent(noised)}`);
const [subject, last] = [4, 5];
for (const kind of ["residual", "attention"] as const) {
  const backAt = (token: number) =>
    [0, 1, 2, 3].map((layer) => percent(valueAt(trace.grids[kind]!, { layer, token }))).join(", ");
  console.log(`${kind} put back in each layer: France ${backAt(subject)}; is ${backAt(last)}`);
}

// MLPs of the restored token held at what they added without the subject: what went through them does not come back.
const held = { subject: "France", kinds: "residual", severed: "mlp" } as const;
const severed = await causalTracing(model, prompt, held);
const early = valueAt(severed.grids.residual!, { layer: 0, token: subject });
console.log(`France at layer 0 without the MLPs above: ${percent(early)}`);

const title = "Where a fact is recalled";
const blocks = [...causal.view(trace), ...causal.view(severed)];
const file = join(mkdtempSync(join(tmpdir(), "mlxterp-")), "causal-tracing.html");
writeFileSync(file, await htmlReport({ title, blocks }));
console.log(`${blocks.filter(({ kind }) => kind === "grid").length} pictures drawn`);

function percent(share: number): string {
  return `${Math.abs(Math.round(100 * share))} %`;
}
