/** Rotation of layers with a window and of those without, each with parameters of its own. */
import { z } from "zod";
import { type RopeFields, ropeFields } from "./rope-json.js";

const read = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;

/** `transformers` reads `truncate` where no kind of layer has it. */
export const parametersOfOne = z
  .unknown()
  .refine((given) => read(given, "truncate") !== false, {
    message: "truncate = false means two things where kinds of layers have parameters of their own",
  })
  .pipe(ropeFields.rope_parameters);

/** `rope_parameters` of transformers 5 by kind of layer. */
export const parametersByKind = z
  .strictObject({
    full_attention: parametersOfOne.optional(),
    sliding_attention: parametersOfOne.optional(),
  })
  .nullish();

/** `rope_scaling` of older files. Under its older name the kind of scaling is read by older versions of transformers only. */
export const scalingOfFull = z
  .unknown()
  .refine((given) => read(given, "type") === undefined || read(given, "rope_type") !== undefined, {
    message: "`type` means two things in two versions of transformers: say `rope_type`",
  })
  .refine((given) => read(given, "truncate") !== false, {
    message: "truncate = false means two things where kinds of layers have parameters of their own",
  })
  .pipe(ropeFields.rope_scaling)
  .optional();

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
