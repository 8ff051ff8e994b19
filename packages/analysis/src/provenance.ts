/** Where a result comes from, kept with every result. */
import { createRequire } from "node:module";
import { deviceName } from "@mlxterp/mlx";
import type { Provenance } from "@mlxterp/results";
import type { AnalysisModel } from "./model.js";

interface Manifest {
  readonly version: string;
}

/** @param seed of the method's random numbers, if it has any */
export function provenanceOf(model: AnalysisModel, seed?: number): Provenance {
  const { version } = createRequire(import.meta.url)("../package.json") as Manifest;
  return {
    model: model.name,
    device: deviceName(),
    edits: model.edits.map(({ name, interventions }) => ({
      ...(name !== undefined && { name }),
      sites: Object.keys(interventions),
    })),
    ...(seed !== undefined && { seed }),
    versions: { "@mlxterp/analysis": version, node: process.versions.node },
    time: new Date().toISOString(),
  };
}
