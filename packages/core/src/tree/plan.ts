/** Which module stands where, and what is spliced in, as edits have planned it for one model. */
import type { Module } from "@mlxterp/mlx";

/** How a splice works. */
export interface SpliceSettings {
  readonly from: "output" | "input";
  readonly error: boolean;
  readonly stopGradient: boolean;
}

/** A module in the place of another. */
export interface PlannedReplacement {
  readonly module: Module;
  /** With which it was asked for. */
  readonly selector: string;
}

/** What stands beside a module's own children where something is spliced in. */
export interface PlannedSplice {
  readonly splice: SpliceSettings;
  readonly selector: string;
  readonly parts: ReadonlyMap<string, Module>;
}

/** By path. */
export interface ModulePlan {
  readonly replacements: ReadonlyMap<string, PlannedReplacement>;
  readonly splices: ReadonlyMap<string, PlannedSplice>;
}
