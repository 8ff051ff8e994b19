/** The gradient of a metric at what every destination reads. */
import type { Interventions } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import type { ComponentGraph } from "../graph/graph.js";
import type { MetricFunction } from "../shared/metrics.js";
import type { AnalysisModel } from "../shared/model.js";

/**
 * @param ids prompts of one length
 * @param metric of logits at the last position, one number for each row
 * @returns (batch, destination, position, hidden)
 */
export async function readGradients(
  model: AnalysisModel,
  graph: ComponentGraph,
  ids: readonly (readonly number[])[],
  metric: MetricFunction,
  interventions: Interventions = {},
): Promise<MxArray> {
  const { anatomy } = model;
  const judge = (_: MxArray, pass: { value(site: string): MxArray }) => {
    const last = pass.value(`layers.${anatomy.layers - 1}`).index(mx.Slice(), -1);
    return mx.sum(metric(anatomy.unembed(anatomy.finalNorm(last))));
  };
  const save = graph.reads.map(({ site }) => site);
  const { gradients } = await model.gradients(ids, judge, { save, interventions });
  const parts = graph.reads.map(({ site, kind }) => {
    const gradient = gradients.get(site).astype(mx.float32);
    const alone = kind === "mlp" || kind === "logits";
    return alone ? mx.expandDims(gradient, 1) : gradient.transpose(0, 2, 1, 3);
  });
  return mx.concatenate(parts, 1);
}
