/** Where numbers of a model come from: the one place that says so, for results, caches, stores and rollouts. */
import {
  asAsked,
  bindingVersion,
  checkFinite,
  checkList,
  checkModule,
  checkOptions,
  checkRecord,
  deviceName,
  InvalidArgumentError,
  listParameters,
  type Module,
  type OptionNames,
} from "@mlxterp/mlx";
import type { Json, Provenance } from "@mlxterp/results";
import { packageVersion } from "../version.js";
import { originOf } from "./model-origin.js";
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
export function provenanceOf(subject: ProvenanceSubject, facts: ProvenanceFacts = {}): Provenance {
  const { name: model, module, edits } = checkedSubject(subject);
  checkOptions<ProvenanceFacts>("provenanceOf", facts, factRules);
  const { interventions = [], options, seed } = facts;
  const { origin, weights, dtype } = remembered(module, () => weightFacts(module));
  const kernel = process.env.OPENBLAS_CORETYPE;
  return {
    model,
    ...asAsked(known({ ...origin, weights, dtype, kernel, options, seed })), // what is remembered is nobody's to change
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

function checkedSubject(subject: ProvenanceSubject): ProvenanceSubject {
  const { module, edits } = (subject ?? {}) as Partial<ProvenanceSubject>;
  if (module !== undefined && Array.isArray(edits) && typeof subject.name === "string") {
    checkModule("model", module);
    return subject;
  }
  throw new InvalidArgumentError("model", subject, "must be an InterpretableModel, or have its name, module and edits."); // biome-ignore format: one line
}

/** What the values of the facts must be. */
const factRules: OptionNames<ProvenanceFacts> = {
  interventions: checkList,
  options: checkRecord,
  seed: checkFinite,
};

/** What a walk through all parameters says. */
function weightFacts(module: Module) {
  const parameters = listParameters(module);
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
