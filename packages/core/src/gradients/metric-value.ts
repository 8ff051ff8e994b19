/** What a metric says about a pass, checked before anything is differentiated. */
import { dtypeName, isArray, isFloating, type MxArray, mx } from "@mlxterp/mlx";
import { InvalidMetricError } from "../errors.js";

/** @returns the number a metric returned, float32 of shape []; @throws InvalidMetricError (`INVALID_METRIC`) */
export function metricValue(returned: unknown): MxArray {
  if (returned instanceof Promise) returned.catch(() => undefined); // the error below says it all; a rejection of its own would end the process
  if (!isArray(returned)) throw new InvalidMetricError(describe(returned));
  const { size, shape, dtype } = returned;
  if (size !== 1) throw new InvalidMetricError(`an array of shape [${shape.join(", ")}]`);
  if (!isFloating(dtype)) throw new InvalidMetricError(`a number of dtype ${dtypeName(dtype)}`);
  return returned.astype(mx.float32).reshape([]);
}

function describe(value: unknown): string {
  if (value instanceof Promise) return "a Promise (it is built inside the pass and cannot wait)";
  return value === undefined ? "nothing" : `a value of type ${typeof value}`;
}
