/** What a module's weights were loaded from, noted by whoever loaded them. */
import {
  checkList,
  checkModule,
  checkOptions,
  checkRecord,
  checkText,
  listParameters,
  type Module,
  type MxArray,
  type OptionNames,
  writesTo,
} from "@mlxterp/mlx";
import type { Provenance, WeightsHash } from "@mlxterp/results";
import { forget } from "./remembered.js";

/** What a checkpoint says of the weights in it. */
export interface ModelOrigin
  extends Pick<Provenance, "revision" | "quantization" | "adapters" | "tokenizer"> {
  /** Of the files. */
  readonly weights: WeightsHash;
}

interface Noted {
  readonly origin: ModelOrigin;
  /** The arrays as they were then, by name; whoever exchanges one does not keep the old one alive. */
  readonly loaded: ReadonlyMap<string, WeakRef<MxArray>>;
  readonly writes: ReadonlyMap<string, number>;
}

const originRules: OptionNames<ModelOrigin> = {
  weights: checkRecord,
  revision: checkText,
  quantization: checkText,
  adapters: checkList,
  tokenizer: checkText,
};

const origins = new WeakMap<Module, Noted>();

/**
 * Notes where the weights that a module now has come from, for provenance: their hash is that of the files for as long as
 * none of them is exchanged or written to.
 *
 * @example
 * noteOrigin(decoder, { weights: { hash: "f".repeat(64), how: "files" }, revision: "main" });
 */
export function noteOrigin(module: Module, origin: ModelOrigin): void {
  checkModule("module", module);
  checkOptions<ModelOrigin>("noteOrigin", origin, originRules);
  checkRecord("origin.weights", origin.weights);
  forget(module);
  const parameters = [...listParameters(module)];
  origins.set(module, {
    origin,
    loaded: new Map(parameters.map(([name, array]) => [name, new WeakRef(array)])),
    writes: new Map(parameters.map(([name, array]) => [name, writesTo(array)])),
  });
}

/** The noted origin, with the names of the parameters that are no longer those of the files. */
export function originOf(
  module: Module,
  parameters: ReadonlyMap<string, MxArray>,
): { readonly origin: ModelOrigin; readonly changed: readonly string[] } | undefined {
  const noted = origins.get(module);
  if (!noted) return undefined;
  const { origin, loaded, writes } = noted;
  const names = new Set([...loaded.keys(), ...parameters.keys()]);
  const changed = [...names].filter((name) => {
    const now = parameters.get(name);
    return !now || loaded.get(name)?.deref() !== now || writes.get(name) !== writesTo(now);
  });
  return { origin, changed };
}
