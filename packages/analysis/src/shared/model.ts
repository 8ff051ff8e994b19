/** What every method takes as its model: any interpretable module, whatever the architecture. */
import type { InterpretableModelCore } from "@mlxterp/core";
import type { Module } from "@mlxterp/mlx";

/** An `InterpretableModel`, for example what `loadModel` returns. */
export type AnalysisModel = InterpretableModelCore<Module>;
