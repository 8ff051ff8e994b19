/** What a training told on its way, as pictures. */
import { checkList, checkRecord } from "@mlxterp/mlx";
import type { Block, LinesBlock } from "@mlxterp/results";
import type { TrainingMetrics } from "./metrics.js";

/**
 * The curves of one training or several: the loss, what is explained, how many features are on, and how many are dead.
 *
 * @param runs the metrics of each training, by what it is called
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for metrics that are no list
 * @example
 * const rows = arraySource(mx.random.normal([512, 8]));
 * const settings = { architecture: "topK", features: 16, k: 2, steps: 5, batchSize: 64 } as const;
 * const { metrics } = await trainDictionary(rows, settings, { reportEvery: 1 });
 * trainingCurves({ "k = 2": metrics }).length; // 4
 */
export function trainingCurves(
  runs: Readonly<Record<string, readonly TrainingMetrics[]>>,
): Block[] {
  checkRecord("runs", runs);
  for (const [label, metrics] of Object.entries(runs)) {
    checkList(label, metrics);
    for (const at of metrics.keys()) checkRecord(`${label}[${at}]`, metrics[at]);
  }
  return [
    curve(runs, "Loss", "loss", ({ loss }) => loss),
    curve(runs, "Variance explained", "share", ({ explained }) => explained),
    curve(runs, "Features on", "features on in a row", ({ count }) => count),
    curve(runs, "Dead features", "share", ({ dead }) => dead),
  ];
}

function curve(
  runs: Readonly<Record<string, readonly TrainingMetrics[]>>,
  title: string,
  yTitle: string,
  read: (metrics: TrainingMetrics) => number,
): LinesBlock {
  const all = new Set(Object.values(runs).flatMap((metrics) => metrics.map(({ step }) => step)));
  const x = [...all].sort((a, b) => a - b);
  const lines = Object.entries(runs).map(([label, metrics]) => {
    const byStep = new Map(metrics.map((one) => [one.step, read(one)]));
    return { label, values: x.map((step) => byStep.get(step) ?? null) };
  });
  return { kind: "lines", title, xTitle: "step", yTitle, x, lines };
}
