/** What all modules with a packed matrix hold. */
import { type MxArray, nn } from "@mlxterp/mlx";
import type { PackedWeight } from "./scheme.js";

export abstract class PackedModule extends nn.Module implements PackedWeight {
  readonly bits: number;
  readonly groupSize: number;
  weight: MxArray; // (…, out, in · bits / 32) uint32
  scales: MxArray; // (…, out, in / groupSize)
  biases: MxArray; // (…, out, in / groupSize)

  constructor({ bits, groupSize, weight, scales, biases }: PackedWeight) {
    super();
    this.bits = bits;
    this.groupSize = groupSize;
    this.weight = weight;
    this.scales = scales;
    this.biases = biases;
  }
}
