/** What a loaded model remembers of its checkpoint, so that it can be saved in the same layout. */
import type { WeightTarget } from "../families/weight-table.js";

/** A tensor of the files, and the parameters it became. */
export interface CheckpointTensor {
  readonly name: string;
  /** Of the plain tensor, also where the file has it packed. */
  readonly shape: readonly number[];
  readonly target: WeightTarget;
}

/** Where a model comes from. */
export interface Checkpoint {
  readonly folder: string;
  /** Its config.json as it is written. */
  readonly configText: string;
  readonly tensors: readonly CheckpointTensor[];
  /** Whether the files hold packed weights. */
  readonly packed: boolean;
}
