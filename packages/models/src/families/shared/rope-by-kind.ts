/** Rotation of layers with a window and of those without, each with parameters of its own. */
import { z } from "zod";
import { type RopeFields, ropeFields } from "./rope-json.js";

/** `rope_parameters` of transformers 5 by kind of layer. */
export const parametersByKind = z
  .strictObject({
    full_attention: ropeFields.rope_parameters,
    sliding_attention: ropeFields.rope_parameters,
  })
  .nullish();

interface Fields {
  readonly rope_parameters?: z.output<typeof parametersByKind>;
  readonly rope_scaling?: RopeFields["rope_scaling"];
}

/**
 * The fields of one kind. Scaling of older files is of the layers without a window; it may stand beside newer parameters.
 *
 * @param base where no parameters say so
 */
export function ropeOfKind(
  { rope_parameters: parameters, rope_scaling }: Fields,
  windowed: boolean,
  base: number,
): RopeFields {
  if (windowed) return { rope_parameters: parameters?.sliding_attention, rope_theta: base };
  const rope_theta = parameters?.full_attention?.rope_theta ?? base;
  return { rope_parameters: parameters?.full_attention, rope_theta, rope_scaling };
}
