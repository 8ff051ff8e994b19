/** The `quantization` of a config.json as mlx-lm writes it: which layers of the file are packed, and how. */
import { z } from "zod";
import { UnsupportedConfigError } from "../../errors.js";
import { faultOf, type QuantizationScheme } from "../../packed/scheme.js";
import { type CodeLayout, readCodeLayout } from "./code-layout.js";
import type { BlockSize } from "./fp8.js";
import { mxfp4Scheme } from "./mxfp4.js";

/** How the file's modules are packed. */
export interface Packing {
  /** @param module its path in the file, such as `model.layers.0.mlp.down_proj` */
  schemeOf(module: string): QuantizationScheme;
}

const scheme = z.looseObject({
  bits: z.int(),
  group_size: z.int(),
  mode: z.enum(["affine", "mxfp4"]).nullish(),
});
const field = "quantization";

/** What a config.json says of the encoding of weights. */
export interface TakenPacking {
  /** For the family. */
  readonly rest: unknown;
  readonly packing: Packing | undefined;
  /** Where weights are of eight bits with scales of blocks. */
  readonly fp8: BlockSize | undefined;
  /** Where weights are codes of GPTQ or AWQ. */
  readonly codes: CodeLayout | undefined;
}

/**
 * Takes the packing out of a config.json.
 *
 * @throws UnsupportedConfigError (`UNSUPPORTED_CONFIG`) for bits, groups or modes that the binding does not know
 */
export function takePacking(json: unknown, file: string): TakenPacking {
  const nothing = { packing: undefined, fp8: undefined, codes: undefined };
  if (typeof json !== "object" || json === null) return { rest: json, ...nothing };
  const { quantization, quantization_config, ...rest } = json as Record<string, unknown>;
  const value = quantization ?? quantization_config;
  if (value === undefined || value === null) return { rest: json, ...nothing };
  const method = (quantization_config as { quant_method?: unknown } | null | undefined)
    ?.quant_method;
  if (method === undefined) return { rest, ...nothing, packing: readPacking(value, file) };
  if (method === "mxfp4") return { rest, ...nothing }; // its tensors are known by their names
  const parsed = fp8Scheme.safeParse(quantization_config);
  if (parsed.success) return { rest, ...nothing, fp8: parsed.data.weight_block_size };
  const codes = readCodeLayout(quantization_config);
  if (codes) return { rest, ...nothing, codes };
  return { rest: json, ...nothing }; // another library's format, which the family refuses by name
}

/** Activations stay in full precision here, whatever the file would have them be. */
const fp8Scheme = z.looseObject({
  quant_method: z.literal("fp8"),
  fmt: z.literal("e4m3").nullish(),
  weight_block_size: z.tuple([z.int().positive(), z.int().positive()]),
});

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
    const rule = "It must have bits, group_size, and no mode but affine or mxfp4.";
    throw new UnsupportedConfigError(name, value, file, rule);
  }
  const { bits, group_size: groupSize, mode } = parsed.data;
  if (mode === "mxfp4") return mxfp4Scheme;
  const found = { bits, groupSize };
  const fault = faultOf(found);
  if (!fault) return found;
  throw new UnsupportedConfigError(`${name}.${fault.field}`, found[fault.field], file, fault.rule);
}
