/** Where a result comes from, kept with every result. */
import { createRequire } from "node:module";
import { deviceName } from "@mlxterp/mlx";
import type { AnalysisModel } from "./model.js";

/** What a reader needs to know to get the same numbers again; the tokens fed stand beside it in each result. */
export interface ResultProvenance {
  /** The function that made the result. */
  readonly method: string;
  /** The model's name: hub id, folder or class. */
  readonly model: string;
  /** The sites that this view of the model changes in every pass. */
  readonly edits: readonly string[];
  readonly device: "cpu" | "gpu";
  /** The seed, where chance had a part. */
  readonly seed?: number;
  readonly versions: { readonly "@mlxterp/analysis": string; readonly node: string };
}

interface Manifest {
  readonly version: string;
}

/** @param seed of the method's random numbers, if it has any */
export function provenanceOf(
  model: AnalysisModel,
  method: string,
  seed?: number,
): ResultProvenance {
  const { version } = createRequire(import.meta.url)("../package.json") as Manifest;
  return {
    method,
    model: model.name,
    edits: model.edits.flatMap(({ interventions }) => Object.keys(interventions)),
    device: deviceName(),
    ...(seed !== undefined && { seed }),
    versions: { "@mlxterp/analysis": version, node: process.versions.node },
  };
}
