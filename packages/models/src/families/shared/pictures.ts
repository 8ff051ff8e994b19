/** Fields and weights of encoders of pictures. */
import { z } from "zod";
import type { WeightRule } from "../../checkpoint/table/weight-table.js";
import { UnsupportedConfigError } from "../../errors.js";
import type { PatchSizes } from "../../vision/patches.js";
import { size } from "./config-json.js";

/** One number where both are equal. */
export const sides = z
  .union([size, z.tuple([size, size])])
  .transform((given) => (typeof given === "number" ? ([given, given] as const) : given));

interface PictureFields {
  readonly image_size: readonly [height: number, width: number];
  readonly patch_size: readonly [height: number, width: number];
  readonly num_channels: number;
  readonly hidden_size: number;
  readonly num_attention_heads: number;
}

/** @throws UnsupportedConfigError (`UNSUPPORTED_CONFIG`) for pictures that cannot be cut into squares, and heads of broken widths */
export function pictureSizes(config: PictureFields, file: string): PatchSizes {
  const { patch_size: patches, num_channels: channels } = config;
  const { hidden_size: hidden, num_attention_heads: heads } = config;
  const [height, width] = config.image_size;
  const [patch, across] = patches;
  const wrong = (field: string, value: unknown, rule: string) =>
    new UnsupportedConfigError(field, value, file, rule);
  if (hidden % heads !== 0) {
    throw wrong("num_attention_heads", heads, `It must divide hidden_size = ${hidden}.`);
  }
  if (patch !== across) throw wrong("patch_size", patches, "Patches must be squares.");
  if (height % patch !== 0 || width % patch !== 0) {
    throw wrong("image_size", config.image_size, `It must be a multiple of patch_size = ${patch}.`);
  }
  return { height, width, patch, channels };
}

/** A convolution whose windows do not overlap is a product with each patch. */
export const patchProjection = (path: string, { channels, patch }: PatchSizes): WeightRule => ({
  into: [path],
  transform: (tensor, kind) => [kind === "weight" ? tensor.reshape([tensor.shape[0], -1]) : tensor],
  storedShape: ([shape], kind) =>
    kind === "weight" ? [shape[0], channels, patch, patch] : [...shape],
});
