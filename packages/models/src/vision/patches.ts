/** Pixels as the vectors of their patches. */
import { brief, InvalidArgumentError, isArray, isFloating, type MxArray } from "@mlxterp/mlx";

/** How pictures are cut. */
export interface PatchSizes {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly patch: number;
}

export const patchCount = ({ height, width, patch }: PatchSizes) =>
  (height / patch) * (width / patch);

/** (batch, channels, height, width) → (batch, patch, channels · side · side), row by row of patches */
export function cutPatches(
  pixels: MxArray,
  { channels, height, width, patch }: PatchSizes,
): MxArray {
  const [rows, columns] = [height / patch, width / patch];
  return pixels
    .reshape([-1, channels, rows, patch, columns, patch])
    .transpose(0, 2, 4, 1, 3, 5)
    .reshape([-1, rows * columns, channels * patch * patch]);
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for anything of another shape */
export function checkPixels(pixels: MxArray, { channels, height, width }: PatchSizes): void {
  const shape = [channels, height, width];
  const fits =
    isArray(pixels) &&
    isFloating(pixels.dtype) &&
    pixels.ndim === 4 &&
    pixels.shape[0] > 0 &&
    pixels.shape.slice(1).join() === shape.join();
  if (fits) return;
  const found = isArray(pixels)
    ? `${String(pixels.dtype)} of shape [${pixels.shape.join(", ")}]`
    : brief(pixels);
  const rule = `must be floating-point numbers of the shape [batch, ${shape.join(", ")}], not ${found}.`;
  throw new InvalidArgumentError("pixels", pixels, rule);
}
