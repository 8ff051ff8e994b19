/** Which few connections do a task, and do methods agree? MODEL=folder TASKS=ioi,agreement OUT=folder ask and draw more. */
import { writeFileSync } from "node:fs";
import {
  activationPatching,
  attributionPatching,
  builtInTask,
  drawBlock,
  edgeGraph,
  findCircuit,
  loadModel,
  rankCorrelation,
  type TaskName,
} from "mlxterp";

const { MODEL = "tiny", TASKS = "ioi,facts", OUT } = process.env;
const model = await loadModel(MODEL);
const kinds = ["attention", "mlp", "head"] as const;

for (const name of TASKS.split(",") as TaskName[]) {
  const { pairs, question } = builtInTask(model, name, { size: 6, seed: 0 });
  const parts = { ...question, kinds, positions: "all" as const };
  const patched = await activationPatching(model, pairs, parts);
  const agreement = async (rule: "gradient" | "relp-qk") => {
    const estimated = await attributionPatching(model, pairs, { ...parts, rule });
    const [a, b] = [estimated, patched].map(({ grids }) => kinds.flatMap((kind) => [...grids[kind]!.values])); // biome-ignore format: one line
    return rankCorrelation(a, b).toFixed(2);
  };
  const [slope, relevance] = [await agreement("gradient"), await agreement("relp-qk")];
  console.log(`${name}: attribution ranks as patching does, ρ ${slope}, by relevance ${relevance}`);

  const sizes = { fractions: [0, 0.1], keep: 0.1, random: 20, minimality: 0, completeness: 0 };
  const { tables } = await findCircuit(model, pairs, { ...question, ...sizes });
  const [, { edges, faithfulness, randomMost = 0 }] = tables.sizes.rows;
  const [kept, chance] = [faithfulness, randomMost].map((share) => `${(100 * share).toFixed(0)} %`);
  console.log(`  ${edges} edges keep ${kept} of it, the best of 20 random ones ${chance}`);
  const picture = await drawBlock(edgeGraph(name, tables.edges.rows.slice(0, 30))); // SVG
  if (OUT) writeFileSync(`${OUT}/${name}.svg`, picture);
}
