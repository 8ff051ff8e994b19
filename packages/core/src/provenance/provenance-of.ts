/** Where numbers of a model come from: the one place that says so, for results, caches, stores and rollouts. */
import { bindingVersion, deviceName, type Module } from "@mlxterp/mlx";
import type { Json, Provenance } from "@mlxterp/results";
import { packageVersion } from "../version.js";
import { originOf } from "./model-origin.js";
import { parametersOf } from "./parameters.js";
import { remembered } from "./remembered.js";
import { weightsDtype, weightsHash } from "./weights-hash.js";

/** What a model must tell; every `InterpretableModel` does. */
export interface ProvenanceSubject {
  readonly name: string;
  readonly module: Module;
  readonly edits: readonly {
    readonly name?: string;
    readonly interventions: Readonly<Record<string, unknown>>;
  }[];
}

/** What the model does not know of the numbers. */
export interface ProvenanceFacts {
  /** Sites that were changed for these numbers alone. */
  readonly interventions?: readonly string[];
  /** What was asked for, where it does not stand beside the provenance. */
  readonly options?: Readonly<Record<string, Json>>;
  /** Of random numbers, where there were any. */
  readonly seed?: number;
}

/**
 * Where numbers that this model makes now come from.
 *
 * @example
 * provenanceOf(model, { seed: 1 }).model; // "tiny"
 */
export function provenanceOf(
  { name: model, module, edits }: ProvenanceSubject,
  { interventions = [], options, seed }: ProvenanceFacts = {},
): Provenance {
  const { origin, weights, dtype } = remembered(module, () => weightFacts(module));
  const kernel = process.env.OPENBLAS_CORETYPE;
  return {
    model,
    ...known(origin),
    ...known({ weights, dtype, kernel, options, seed }),
    device: deviceName(),
    platform: `${process.platform}-${process.arch}`,
    edits: edits.map(({ name, interventions: changes }) => ({
      ...known({ name }),
      sites: Object.keys(changes),
    })),
    ...(interventions.length > 0 && { interventions: [...interventions] }),
    versions: {
      mlxterp: packageVersion(),
      "@frost-beta/mlx": bindingVersion(),
      node: process.versions.node,
    },
    time: new Date().toISOString(),
  };
}

/** What a walk through all parameters says. */
function weightFacts(module: Module) {
  const parameters = parametersOf(module);
  const noted = originOf(module, parameters);
  const { weights: _files, ...origin } = noted?.origin ?? { weights: undefined };
  const weights = parameters.size > 0 ? weightsHash(parameters, noted) : undefined;
  return { origin, weights, dtype: weightsDtype(parameters) };
}

/** Without what is undefined, which JSON does not keep. */
function known<T extends object>(values: T): Partial<T> {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Partial<T>;
}
