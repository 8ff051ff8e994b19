/** The types of tensors in GGUF that can be read. Source: ggml's type codes and block layouts, github.com/ggml-org/ggml. */

export interface GgufType {
  readonly name: GgufTypeName;
  /** Numbers of a block, and its bytes. */
  readonly block: number;
  readonly blockBytes: number;
  /**
   * Bits of a code where the numbers stay packed: then 32 of them share a scale and an offset. Undefined for plain
   * numbers, and for types whose scales MLX does not have.
   */
  readonly bits?: 4 | 8;
}

export type GgufTypeName = PlainName | PackedName | SmallGroupName;
export type PlainName = "F32" | "F16" | "BF16";
export type PackedName = "Q4_0" | "Q4_1" | "Q5_0" | "Q5_1" | "Q8_0" | "Q4_K" | "Q5_K";
/** Types with a scale for every 16 numbers. */
export type SmallGroupName = "Q2_K" | "Q3_K" | "Q6_K";

/** By their codes in files. */
export const ggufTypes: Readonly<Record<number, GgufType>> = {
  0: { name: "F32", block: 1, blockBytes: 4 },
  1: { name: "F16", block: 1, blockBytes: 2 },
  2: { name: "Q4_0", block: 32, blockBytes: 18, bits: 4 },
  3: { name: "Q4_1", block: 32, blockBytes: 20, bits: 4 },
  6: { name: "Q5_0", block: 32, blockBytes: 22, bits: 8 },
  7: { name: "Q5_1", block: 32, blockBytes: 24, bits: 8 },
  8: { name: "Q8_0", block: 32, blockBytes: 34, bits: 8 },
  10: { name: "Q2_K", block: 256, blockBytes: 84 },
  11: { name: "Q3_K", block: 256, blockBytes: 110 },
  12: { name: "Q4_K", block: 256, blockBytes: 144, bits: 4 },
  13: { name: "Q5_K", block: 256, blockBytes: 176, bits: 8 },
  14: { name: "Q6_K", block: 256, blockBytes: 210 },
  30: { name: "BF16", block: 1, blockBytes: 2 },
};

/** Types that are not read, by their codes: named where a file has one. */
const others: Readonly<Record<number, string>> = {
  ...{
    9: "Q8_1",
    15: "Q8_K",
    16: "IQ2_XXS",
    17: "IQ2_XS",
    18: "IQ3_XXS",
    19: "IQ1_S",
    20: "IQ4_NL",
  },
  ...{ 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64" },
  ...{ 28: "F64", 29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4", 40: "NVFP4", 41: "Q1_0" },
};

/** What a type that is not read is called. */
export function otherType(code: number): string {
  return others[code] ?? `of code ${code}`;
}
