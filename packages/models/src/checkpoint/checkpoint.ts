/** What a loaded model remembers of its checkpoint, so that it can be saved in the same layout. */
import type { InterpretableModelCore } from "@mlxterp/core";
import type { Module } from "@mlxterp/mlx";
import type { WeightTarget } from "./table/weight-table.js";

/** A model that may come from a checkpoint. */
export type SavableModel = Pick<InterpretableModelCore<Module>, "name" | "module" | "edits"> & {
  readonly checkpoint: Checkpoint | undefined;
};

/** A tensor of the files, and the parameters it became. */
export interface CheckpointTensor {
  readonly name: string;
  /** Of the plain tensor, also where the file has it packed. */
  readonly shape: readonly number[];
  readonly target: WeightTarget;
  /** For experts, the names under which mlx-lm has each parameter of the target whole, in order. */
  readonly stacked?: readonly string[];
}

/** Where a model comes from; Model is what loads another one as. */
export interface Checkpoint<Model = unknown> {
  readonly folder: string;
  /** Its config.json as it is written. */
  readonly configText: string;
  readonly tensors: readonly CheckpointTensor[];
  /** Whether the files hold packed weights. */
  readonly packed: boolean;
  /** Loads another model the same way: for comparisons, without the model knowing its loader. */
  readonly load: (source: string) => Promise<Model>;
}
