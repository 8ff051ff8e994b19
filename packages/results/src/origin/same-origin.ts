/** Whether numbers of two origins may be compared or mixed: of the same weights, computed the same way. */
import { InvalidArgumentError } from "../errors/invalid-argument.js";
import { MlxterpError } from "../errors/mlxterp-error.js";
import { type Provenance, provenanceProblem } from "./provenance.js";

/** A part of two origins that is not the same. */
export interface OriginDifference {
  /** Such as `weights`. */
  readonly field: string;
  readonly was: string;
  readonly is: string;
  /** Whether other numbers must be expected; else they may differ in the last bits. */
  readonly decisive: boolean;
  /** In one sentence. */
  readonly text: string;
}

/** Numbers of different origins that were about to be mixed, or taken for each other. */
export class ProvenanceMismatchError extends MlxterpError {
  readonly code = "PROVENANCE_MISMATCH";
  constructor(
    /** What was about to be done, such as `This result cannot be run again`. */
    readonly action: string,
    readonly differences: readonly OriginDifference[],
    /** The way out. */
    rule: string,
  ) {
    super(`${action}: ${differences.map(({ text }) => text).join(" ")} ${rule}`);
  }
}

type Part = (origin: Provenance) => string | undefined;

const library =
  (name: string): Part =>
  ({ versions }) =>
    versions[name];

/** What makes other numbers, by the name it has in messages. */
const decisive: Readonly<Record<string, Part>> = {
  weights: ({ weights }) => weights?.hash.slice(0, 16),
  dtype: ({ dtype }) => dtype,
  quantization: ({ quantization, weights }) => quantization ?? (weights && "none"),
  adapters: ({ adapters, weights }) =>
    adapters?.map(({ hash }) => hash.slice(0, 16)).join(", ") ?? (weights && "none"),
  edits: ({ edits }) =>
    edits.map(({ name = "unnamed", sites }) => `${name} at ${sites.join(", ")}`).join("; ") ||
    "none",
  mlxterp: library("mlxterp"),
  "@frost-beta/mlx": library("@frost-beta/mlx"),
};

/** What makes other roundings, or none. */
const circumstantial: Readonly<Record<string, Part>> = {
  revision: ({ revision }) => revision,
  tokenizer: ({ tokenizer }) => tokenizer?.slice(0, 16),
  device: ({ device }) => device,
  kernel: ({ kernel }) => kernel,
  platform: ({ platform }) => platform,
};

/**
 * In what two origins differ, as far as both say. Names of models do not count where their weights are known; time and the
 * version of Node never do.
 *
 * @example
 * originDifferences(readout.provenance, patching.provenance); // []
 */
export function originDifferences(was: Provenance, is: Provenance): OriginDifference[] {
  checkOrigin("was", was);
  checkOrigin("is", is);
  const found = [...parts(decisive, true, was, is), ...parts(circumstantial, false, was, is)];
  if (was.weights && is.weights) {
    if (areComparable(was.weights.how, is.weights.how)) return found;
    return found.map((one) => (one.field === "weights" ? unknown(one) : one));
  }
  return [...parts({ model: ({ model }) => model }, true, was, is), ...found];
}

function checkOrigin(argument: string, value: unknown): void {
  const problem = provenanceProblem(value);
  if (problem === undefined) return;
  const rule = `is no provenance: ${problem}. Give that of a result, as it is.`;
  throw new InvalidArgumentError(argument, value, rule);
}

/** Hashes of files and of memory tell nothing about each other; one that was carried on from another is another. */
function areComparable(was: string, is: string): boolean {
  return was.startsWith(is) || is.startsWith(was);
}

function parts(
  fields: Readonly<Record<string, Part>>,
  counts: boolean,
  was: Provenance,
  is: Provenance,
): OriginDifference[] {
  return Object.entries(fields).flatMap(([field, part]): OriginDifference[] => {
    const [before, now] = [part(was), part(is)];
    if (before === undefined || now === undefined || before === now) return [];
    const text = `${field} was ${before} and is ${now}.`;
    return [{ field, was: before, is: now, decisive: counts, text }];
  });
}

function unknown(difference: OriginDifference): OriginDifference {
  const text =
    "the weights were hashed in another way, so it is not known whether they are the same.";
  return { ...difference, decisive: false, text };
}

/**
 * Refuses numbers of another origin.
 *
 * @param action what was about to be done, such as `These caches cannot be joined`
 * @param rule the way out
 * @throws ProvenanceMismatchError (`PROVENANCE_MISMATCH`) naming what differs
 * @example
 * requireSameOrigin(readout.provenance, patching.provenance, "These cannot be compared", "Run one of them again.");
 */
export function requireSameOrigin(
  was: Provenance,
  is: Provenance,
  action: string,
  rule: string,
): void {
  const differences = originDifferences(was, is).filter((one) => one.decisive);
  if (differences.length > 0) throw new ProvenanceMismatchError(action, differences, rule);
}
