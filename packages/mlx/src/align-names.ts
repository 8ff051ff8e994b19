/**
 * One set of names for every version of the binding: those of the newest. The older ones go on working, and what a version
 * lacks altogether is refused when it loads.
 */
import { BindingUnavailableError } from "./errors.js";
import { arrayNames, coreNames, layerNames, optimizerNames, partNames } from "./names.js";

type Members = Record<string, unknown>;
type Call = (...inputs: unknown[]) => unknown;

/** What is looked at of a binding. */
export interface Named {
  readonly core: object;
  readonly nn: object;
  readonly optimizers: object;
}

/** The newest name of a function, and the one it had before. */
const renamed = [
  ["gatherMM", "blockSparseMM"],
  ["gatherQMM", "blockSparseQMM"],
] as const;

/** What moved out of `mx.metal`. */
const moved = words(
  "getActiveMemory getPeakMemory resetPeakMemory getCacheMemory setMemoryLimit setCacheLimit clearCache",
);

/** Constants that came and went; arithmetic with one that is missing would be NaN without a word. */
const constants: Members = {
  ...Object.fromEntries(words("inf Inf Infinity infty PINF").map((name) => [name, Infinity])),
  ...Object.fromEntries(words("nan NaN NAN").map((name) => [name, Number.NaN])),
  NINF: -Infinity,
  PZERO: 0,
  NZERO: -0,
};

/**
 * Gives each function both of its names, and both places.
 *
 * @param version called only to say it in the error
 * @throws BindingUnavailableError (`BINDING_UNAVAILABLE`) naming what is missing
 */
export function alignNames(binding: Named, version: () => string): void {
  const core = binding.core as Members;
  const metal = core.metal as Members | undefined;
  for (const [recent, former] of renamed) alignProduct(core, recent, former);
  for (const name of metal ? moved : []) {
    core[name] ??= metal?.[name];
    metal![name] ??= core[name];
  }
  for (const [name, value] of Object.entries(constants)) core[name] ??= value;
  const missing = missingNames(binding);
  if (missing.length === 0) return;
  const [verb, them] = missing.length === 1 ? ["is", "it"] : ["are", "them"];
  throw new BindingUnavailableError(
    `${missing.join(", ")} ${verb} not in @frost-beta/mlx ${version()}, and mlxterp uses ${them}`,
    "Install a version that was tried: npm install @frost-beta/mlx@0.0.7 (or 0.4.0)",
  );
}

/** Newer products want to be told whether indices are sorted, and older ones take no such argument. */
function alignProduct(core: Members, recent: string, former: string): void {
  const [own, before] = [core[recent], core[former]] as (Call | undefined)[];
  if (own && !before) {
    const { length } = argumentsOf[recent];
    core[recent] = core[former] = (...inputs: unknown[]) =>
      own(...Array.from({ length }, (_, place) => inputs[place] ?? argumentsOf[recent][place]));
  } else if (before && !own) {
    core[recent] = before;
  }
}

/** What stands for arguments that were left out. */
const argumentsOf: Record<string, readonly unknown[]> = {
  gatherMM: [null, null, null, null, false],
  gatherQMM: [null, null, null, null, null, null, true, 64, 4, false],
};

/** Names that the library uses and the binding does not have, as one writes them. */
function missingNames({ core, nn, optimizers }: Named): string[] {
  const mx = core as Members;
  const lacking = (where: string, holder: unknown, names: readonly string[]) =>
    names
      .filter((name) => !holder || !(name in (holder as object)))
      .map((name) => `${where}.${name}`);
  const prototype = (mx.array as { prototype?: object } | undefined)?.prototype;
  return [
    ...lacking("mx", core, coreNames),
    ...lacking("array", prototype, arrayNames),
    ...Object.entries(partNames).flatMap(([part, names]) => lacking(`mx.${part}`, mx[part], names)),
    ...lacking("nn", nn, layerNames),
    ...lacking("optimizers", optimizers, optimizerNames),
  ];
}

function words(text: string): readonly string[] {
  return text.split(" ");
}
