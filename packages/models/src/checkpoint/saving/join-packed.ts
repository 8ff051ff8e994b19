/** Puts packed layers together that share a tensor of the file, with a row for each output as mlx-lm has them. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { UnsupportedSaveError } from "../../errors.js";
import { mapPacked, type PackedWeight } from "../../packed/scheme.js";
import type { CheckpointTensor } from "../checkpoint.js";
import { rowParts } from "../table/row-parts.js";

/**
 * @param layers in the order of the tensor's parameters
 * @throws UnsupportedSaveError (`UNSUPPORTED_SAVE`) when they are packed in different ways
 */
export function joinPacked(
  { name, target }: CheckpointTensor,
  layers: readonly PackedWeight[],
): PackedWeight {
  const [first] = layers;
  if (!target.rule.transform) return first;
  const { bits, groupSize } = first;
  const same = layers.every((layer) => layer.bits === bits && layer.groupSize === groupSize);
  const order = same ? rowOrder(target.rule, layers) : undefined;
  if (!order) {
    const rule = "the layers that share it are packed in different ways. Use { unpacked: true }.";
    throw new UnsupportedSaveError(name, rule);
  }
  const join = (part: "weight" | "scales" | "biases") =>
    mx.concatenate(
      layers.map((layer) => layer[part]),
      0,
    );
  const joined = { weight: join("weight"), scales: join("scales"), biases: join("biases") };
  return mapPacked({ ...joined, bits, groupSize }, (part) => mx.take(part, order, 0));
}

/** Where in the layers, one below the other, each row of the tensor lies: asked of the rule with numbered rows. */
function rowOrder(
  rule: CheckpointTensor["target"]["rule"],
  layers: readonly PackedWeight[],
): MxArray | undefined {
  const shapes = layers.map(({ weight }) => weight.shape);
  const total = shapes.reduce((sum, [rows]) => sum + rows, 0);
  const numbers = mx.arange(0, total, 1, mx.int32).reshape([total, 1]);
  const parts = rowParts(rule, numbers, shapes);
  return parts && mx.argsort(mx.concatenate([...parts], 0).reshape([total]));
}
