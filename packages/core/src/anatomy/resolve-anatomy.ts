/** The anatomy of a module that nobody described: what can be found by name, and a clear refusal for the rest. */
import { checkChoice, checkRecord, isArray, type Module, type MxArray } from "@mlxterp/mlx";
import { MissingAnatomyError } from "../errors.js";
import { isModule } from "../tree/module-node.js";
import type { Anatomy } from "./anatomy.js";
import { embeddings, heads, layerLists, norms } from "./usual-names.js";

interface Rule {
  readonly looked: readonly string[];
  find(module: Module): unknown;
}

function member(module: Module, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], module);
}

function firstModule(names: readonly string[], module: Module): Module | undefined {
  return names.map((name) => member(module, name)).find(isModule);
}

/** A quantized table has fewer columns than dimensions, but says how many it stands for. */
interface EmbeddingTable {
  readonly weight?: unknown;
  readonly dims?: unknown;
}

function embeddingTable(module: Module): { vocab?: number; hidden?: number } {
  const table = firstModule(embeddings, module) as EmbeddingTable | undefined;
  if (!table || !isArray(table.weight)) return {};
  const [vocab, columns] = table.weight.shape;
  return { vocab, hidden: typeof table.dims === "number" ? table.dims : columns };
}

function forwardOf(
  names: readonly string[],
  module: Module,
): ((x: MxArray) => MxArray) | undefined {
  const found = firstModule(names, module);
  return found && ((x) => found.forward(x) as MxArray);
}

const rules: Partial<Record<keyof Anatomy, Rule>> = {
  layers: {
    looked: layerLists,
    find: (module) =>
      layerLists.map((name) => member(module, name)).find((list) => Array.isArray(list))?.length,
  },
  embed: { looked: embeddings, find: (module) => forwardOf(embeddings, module) },
  finalNorm: { looked: norms, find: (module) => forwardOf(norms, module) },
  unembed: { looked: heads, find: (module) => forwardOf(heads, module) },
  hidden: { looked: embeddings, find: (module) => embeddingTable(module).hidden },
  vocab: { looked: embeddings, find: (module) => embeddingTable(module).vocab },
};

const parts: readonly (keyof Anatomy)[] = [
  "layers",
  "heads",
  "kvHeads",
  "headDim",
  "hidden",
  "vocab",
  "maxPositions",
  "embed",
  "finalNorm",
  "unembed",
  "weights",
];

/**
 * An anatomy whose parts come from `given`, else from the module's usual names.
 * A part that is in neither raises MissingAnatomyError (`MISSING_ANATOMY`) when it is read.
 */
export function resolveAnatomy(module: Module, given: Partial<Anatomy> = {}): Anatomy {
  return new Proxy(given as Anatomy, {
    get: (target, key: keyof Anatomy) => {
      if (key in target || !parts.includes(key)) return target[key];
      if (key === "maxPositions") return undefined; // no limit
      const found = rules[key]?.find(module);
      if (found !== undefined) return found;
      throw new MissingAnatomyError(key, rules[key]?.looked ?? [`anatomy.${key}`]);
    },
  });
}

/**
 * A part of the anatomy, or undefined where the model does not show it.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a part that no anatomy has
 * @example
 * anatomyPart(model.anatomy, "heads"); // 4
 */
export function anatomyPart<K extends keyof Anatomy>(
  anatomy: Anatomy,
  part: K,
): Anatomy[K] | undefined {
  checkRecord("anatomy", anatomy);
  checkChoice("part", part, parts);
  try {
    return anatomy[part];
  } catch (error) {
    if (error instanceof MissingAnatomyError) return undefined;
    throw error;
  }
}
