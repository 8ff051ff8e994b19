/** The `quantization` of a config.json as mlx-lm writes it: which layers of the file are packed, and how. */
import { z } from "zod";
import { UnsupportedConfigError } from "../errors.js";
import { faultOf, type QuantizationScheme } from "./scheme.js";

/** How the file's modules are packed. */
export interface Packing {
  /** @param module its path in the file, such as `model.layers.0.mlp.down_proj` */
  schemeOf(module: string): QuantizationScheme;
}

const scheme = z.looseObject({
  bits: z.int(),
  group_size: z.int(),
  mode: z.literal("affine").nullish(),
});
const field = "quantization";

/**
 * Takes the packing out of a config.json.
 *
 * @returns the rest, for the family; the packing if there is one
 * @throws UnsupportedConfigError (`UNSUPPORTED_CONFIG`) for bits, groups or modes that the binding does not know
 */
export function takePacking(
  json: unknown,
  file: string,
): { readonly rest: unknown; readonly packing: Packing | undefined } {
  if (typeof json !== "object" || json === null) return { rest: json, packing: undefined };
  const { quantization, quantization_config, ...rest } = json as Record<string, unknown>;
  const value = quantization ?? quantization_config;
  // With a method it is another library's format, which the family then refuses by name.
  const foreign = (quantization_config as { quant_method?: unknown } | null | undefined)
    ?.quant_method;
  if (value === undefined || value === null || foreign !== undefined) {
    return { rest: json, packing: undefined };
  }
  return { rest, packing: readPacking(value, file) };
}

function readPacking(value: unknown, file: string): Packing {
  const common = readScheme(value, field, file);
  const overrides = new Map<string, QuantizationScheme>();
  for (const [module, override] of Object.entries(value as Record<string, unknown>)) {
    if (typeof override !== "object" || override === null) continue; // false: stored plainly
    overrides.set(module, readScheme(override, `${field}.${module}`, file));
  }
  return { schemeOf: (module) => overrides.get(module) ?? common };
}

function readScheme(value: unknown, name: string, file: string): QuantizationScheme {
  const parsed = scheme.safeParse(value);
  if (!parsed.success) {
    const rule = "It must have bits, group_size, and no mode but affine.";
    throw new UnsupportedConfigError(name, value, file, rule);
  }
  const found = { bits: parsed.data.bits, groupSize: parsed.data.group_size };
  const fault = faultOf(found);
  if (!fault) return found;
  throw new UnsupportedConfigError(`${name}.${fault.field}`, found[fault.field], file, fault.rule);
}
