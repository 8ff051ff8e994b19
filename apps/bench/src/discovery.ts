/** What finding a circuit edge by edge costs, as a share of one pass for each edge. */
import { acdc } from "@mlxterp/analysis";
import { type MxArray, mx } from "@mlxterp/mlx";
import { now } from "./clock.js";
import type { Line } from "./measurement.js";
import { smallNetwork } from "./network.js";
import { summarize } from "./pairs.js";

/** Every destination reads something of its own, which is the least that a run without some edges takes. */
const own = (x: MxArray) => mx.add(x, 0);
const destinations = {
  "layers.*.qInput": own,
  "layers.*.kInput": own,
  "layers.*.vInput": own,
  "layers.*.postAttentionNorm.input": own,
};

export async function* discovery(): AsyncGenerator<Line> {
  const model = smallNetwork();
  const clean = Array.from({ length: 16 }, (_, index) => (index * 79 + 13) % 512);
  const corrupted = clean.map((id, position) => (position === 5 ? id + 1 : id));
  const passes: number[] = [];
  for (let round = 0; round < 9; round++) {
    const start = now();
    await model.run([clean], { save: "output", interventions: destinations });
    passes.push(now() - start);
  }
  const one = summarize(passes).median;
  for (const threshold of [0.001, 0.0003]) {
    const asked = { answer: 11, wrongAnswer: 7, metric: "logitDifference", threshold } as const;
    const start = now();
    const { tables } = await acdc(model, { clean, corrupted }, asked);
    const spent = now() - start;
    const [{ allEdges, edges }] = tables.summary.rows;
    yield {
      what: `ACDC, ${edges} of ${allEdges} edges left / one pass for each edge (12 small layers)`,
      value: (spent / one / allEdges).toFixed(3),
      goal: "≤ 0.1",
    };
  }
}
