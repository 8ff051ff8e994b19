/** Where a result comes from, kept with every result. */
import { createRequire } from "node:module";
import { deviceName } from "@mlxterp/mlx";
import type { Provenance } from "@mlxterp/results";
import type { AnalysisModel } from "./model.js";

interface Manifest {
  readonly version: string;
}

/**
 * Where a result of this model, made now, comes from.
 *
 * @param seed of the method's random numbers, if it has any
 * @example
 * provenanceOf(model).model; // "tiny"
 */
export function provenanceOf(model: AnalysisModel, seed?: number): Provenance {
  const { version } = manifest();
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

/** Next to the built files' folder, or two above this source. */
function manifest(): Manifest {
  const require = createRequire(import.meta.url);
  const source = import.meta.url.endsWith("/src/shared/provenance.ts");
  return require(source ? "../../package.json" : "../package.json") as Manifest;
}
