/** The gradient of a metric at what every destination reads. */
import type { Interventions } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import { type ComponentGraph, readsByHead } from "../graph/graph.js";
import { sharedNorm } from "../graph/shared-norm.js";
import { endLogits, endLogitsOfPass } from "../shared/baselines.js";
import type { MetricFunction } from "../shared/metrics.js";
import type { AnalysisModel } from "../shared/model.js";

interface GradientPlan {
  readonly interventions?: Interventions;
  /** At how many last positions logits are read; undefined for the last alone, without that axis. */
  readonly steps?: number | undefined;
  /** Whether the interventions hold norms: then they are where a component reads through another's norm, too. */
  readonly holdsNorms?: boolean;
}

/**
 * @param ids prompts of one length
 * @param metric of logits at the last position, or at the last `steps`, one number for each row
 * @returns (batch, destination, position, hidden)
 */
export async function readGradients(
  model: AnalysisModel,
  graph: ComponentGraph,
  ids: readonly (readonly number[])[],
  metric: MetricFunction,
  { interventions = {}, steps, holdsNorms = false }: GradientPlan = {},
): Promise<MxArray> {
  const { anatomy } = model;
  const judge = (_: MxArray, pass: { value(site: string): MxArray }) => {
    if (holdsNorms) return mx.sum(metric(endLogitsOfPass(model, pass, steps)));
    const stream = pass.value(`layers.${anatomy.layers - 1}`);
    return mx.sum(metric(endLogits(model, stream, steps))); // only these go through the head
  };
  const shared = graph.wiring.flatMap(({ mlpNorm }, layer) =>
    mlpNorm === "shared" ? [layer] : [],
  );
  const save = [
    ...graph.reads.map(({ site }) => site),
    ...shared.map((layer) => `layers.${layer}.input`),
    ...(holdsNorms ? shared.map((layer) => `layers.${layer}.inputNorm.scale`) : []),
  ];
  const { gradients, values } = await model.gradients(ids, judge, { save, interventions, values: shared.length > 0 }); // biome-ignore format: one call
  const parts = graph.reads.map(({ site, kind, layer }) => {
    const gradient = gradients.get(site).astype(mx.float32);
    if (readsByHead(kind)) return gradient.transpose(0, 2, 1, 3);
    if (kind !== "mlp" || !shared.includes(layer)) return mx.expandDims(gradient, 1);
    const stream = values.get(`layers.${layer}.input`);
    const held = holdsNorms ? values.get(`layers.${layer}.inputNorm.scale`) : undefined;
    const [, [before]] = mx.vjp(sharedNorm(model, layer, held), [stream], [gradient]);
    return mx.expandDims(before, 1);
  });
  return mx.concatenate(parts, 1);
}
