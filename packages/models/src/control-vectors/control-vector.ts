/** Steering vectors of many layers at once, as repeng and llama.cpp keep them. */
import { checkOptions, checkText, InvalidArgumentError, isMap, largestFloat32 } from "@mlxterp/mlx";

/** One direction for each of some layers. */
export interface ControlVector {
  /** By the layer's number: what is added to the output of `layers.N`, (hidden). */
  readonly directions: ReadonlyMap<number, Float32Array>;
  /** The `model_type` that it was made with, where that is known. */
  readonly modelType?: string;
}

/** A direction per layer, in whatever holds its numbers. */
export interface ControlVectorNumbers {
  /** By the layer's number, each (hidden). Layer 0 has none: llama.cpp reads no such file. */
  readonly directions: ReadonlyMap<number, ArrayLike<number>>;
  /** Default: unknown. */
  readonly modelType?: string;
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what no such file can hold */
export function checkControlVector(vector: ControlVectorNumbers): void {
  checkOptions<ControlVectorNumbers>("vector", vector, { directions: true, modelType: checkText });
  const { directions } = vector;
  if (!isMap(directions) || directions.size === 0) {
    const rule = "must be a Map with at least one layer's number and its direction.";
    throw new InvalidArgumentError("vector.directions", directions, rule);
  }
  const [[, first]] = directions;
  for (const [layer, direction] of directions) checkDirection(layer, direction, first?.length);
}

function checkDirection(layer: unknown, direction: ArrayLike<number>, width: number): void {
  if (!Number.isSafeInteger(layer) || Number(layer) < 1) {
    const rule =
      "layers must be whole numbers from 1: these files have no direction for layer 0. Leave it out, or steer with addVector.";
    throw new InvalidArgumentError("vector.directions", layer, rule);
  }
  const name = `vector.directions.get(${layer})`;
  const listed = Array.isArray(direction) || ArrayBuffer.isView(direction);
  if (!listed || direction.length === 0 || direction.length !== width) {
    const rule = `must be a list of numbers, as many as the other directions have (${width}).`;
    throw new InvalidArgumentError(name, direction, rule);
  }
  for (let index = 0; index < direction.length; index++) {
    const value = direction[index];
    if (typeof value === "number" && Math.abs(value) <= largestFloat32) continue;
    throw new InvalidArgumentError(name, value, "must hold finite numbers of float32.");
  }
}
