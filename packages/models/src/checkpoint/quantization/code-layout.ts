/** What a config.json says of the codes of GPTQ and AWQ, as far as they are read. */
import { z } from "zod";

/** How codes lie in numbers of 32 bits. */
export interface CodeLayout {
  readonly method: "gptq" | "awq";
  /** Older files of GPTQ have each zero less one. */
  readonly zeroOffset: number;
  /** How many inputs share a scale, where a layer does not say it of each; -1 for all. */
  readonly groupSize: number | undefined;
}

const groupSize = z.union([z.literal(-1), z.int().positive()]).nullish();

const gptq = z.looseObject({
  quant_method: z.literal("gptq"),
  bits: z.literal(4),
  group_size: groupSize,
  checkpoint_format: z.enum(["gptq", "gptq_v2"]).nullish(),
});

const awq = z.looseObject({
  quant_method: z.literal("awq"),
  bits: z.literal(4),
  group_size: groupSize,
  version: z
    .string()
    .regex(/^gemm$/i)
    .nullish(),
  zero_point: z.literal(true).nullish(),
});

/** @returns undefined for another method, or one of its forms that is not read */
export function readCodeLayout(config: unknown): CodeLayout | undefined {
  const first = gptq.safeParse(config);
  if (first.success) {
    const { checkpoint_format: format, group_size: size } = first.data;
    const zeroOffset = format === "gptq_v2" ? 0 : 1;
    return { method: "gptq", zeroOffset, groupSize: size ?? undefined };
  }
  const second = awq.safeParse(config);
  if (!second.success) return undefined;
  return { method: "awq", zeroOffset: 0, groupSize: second.data.group_size ?? undefined };
}

/** Inputs of a group, as the config.json or the layer says. @returns undefined where groups of one size do not come to that count */
export function groupSizeOf(inputs: number, count: number, named?: number): number | undefined {
  const size = named === -1 ? inputs : named;
  if (size !== undefined && Math.ceil(inputs / size) === count) return size;
  return inputs % count === 0 ? inputs / count : undefined;
}
