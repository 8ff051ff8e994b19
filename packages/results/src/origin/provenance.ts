/** Where numbers come from: one form for results, caches, stores and rollouts. */
import { isListOf, isRecord, isTexts } from "../errors/kinds-of-values.js";

/** A change that a view of a model makes in every pass. */
export interface ProvenanceEdit {
  /** How the edit is called, where it has a name. */
  readonly name?: string;
  /** The sites it changes. */
  readonly sites: readonly string[];
}

/** The weights by a hash that is cheap: see `how`. */
export interface WeightsHash {
  readonly hash: string;
  /** What was hashed, in words. */
  readonly how: string;
}

/** Low-rank changes that were added to the weights, or stand beside them. */
export interface ProvenanceAdapter {
  /** Folder or hub id. */
  readonly name: string;
  readonly hash: string;
}

/** What JSON can hold. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json };

/** What a reader needs to get the same numbers again; the tokens fed stand beside it. */
export interface Provenance {
  /** Hub id, folder or class. */
  readonly model: string;
  /** The commit of a checkpoint of the hub, or the name that was asked for. */
  readonly revision?: string;
  readonly weights?: WeightsHash;
  /** Of the weights, such as `float32`. */
  readonly dtype?: string;
  /** How weights are packed, such as `4 bits in groups of 64`. */
  readonly quantization?: string;
  readonly adapters?: readonly ProvenanceAdapter[];
  /** A hash of the tokenizer's file. */
  readonly tokenizer?: string;
  readonly device: "cpu" | "gpu";
  /** Of the library that multiplies, where it was chosen. */
  readonly kernel?: string;
  /** System and processor, such as `linux-x64`. */
  readonly platform?: string;
  /** Lasting changes of this view. */
  readonly edits: readonly ProvenanceEdit[];
  /** Sites that were changed for these numbers alone. */
  readonly interventions?: readonly string[];
  /** What else was asked for, where that does not stand beside it. */
  readonly options?: Readonly<Record<string, Json>>;
  /** Where chance had a part. */
  readonly seed?: number;
  /** Of `mlxterp`, of the binding and of Node. */
  readonly versions: Readonly<Record<string, string>>;
  /** When, as ISO 8601. */
  readonly time: string;
}

/**
 * What is wrong with data that should be a provenance, in words; undefined where nothing is.
 *
 * @example
 * provenanceProblem({ model: "tiny" }); // "time is no text"
 */
export function provenanceProblem(value: unknown): string | undefined {
  if (!isRecord(value)) return "it is no object";
  const { device, edits, versions, weights, adapters, interventions, options, seed } = value;
  const odd = textFields.find((name) => typeof value[name] !== "string" && !mayLack(name, value));
  if (odd !== undefined) return `${odd} is no text`;
  if (device !== "cpu" && device !== "gpu") return "device is no cpu or gpu";
  if (!isRecord(versions) || !isTexts(Object.values(versions))) return "versions is no object with texts"; // biome-ignore format: one line
  if (!isListOf(edits, isEdit)) return "edits is no list of edits with their sites";
  if (adapters !== undefined && !isListOf(adapters, isHashed)) return "adapters is no list of adapters with their hashes"; // biome-ignore format: one line
  if (options !== undefined && !isRecord(options)) return "options is no object";
  if (seed !== undefined && typeof seed !== "number") return "seed is no number";
  if (interventions !== undefined && !isTexts(interventions)) {
    return "interventions is no list of sites";
  }
  const areWeights = weights === undefined || (isHashed(weights) && typeof weights.how === "string"); // biome-ignore format: one line
  return areWeights ? undefined : "weights has no hash, or does not say of what";
}

const textFields = ["model", "time", "revision", "dtype", "quantization", "tokenizer", "kernel", "platform"] as const; // biome-ignore format: one list

function mayLack(name: string, value: Record<string, unknown>): boolean {
  return value[name] === undefined && name !== "model" && name !== "time";
}

function isEdit(value: unknown): boolean {
  if (!isRecord(value) || !isTexts(value.sites)) return false;
  return value.name === undefined || typeof value.name === "string";
}

function isHashed(value: unknown): value is Record<string, unknown> {
  return isRecord(value) && typeof value.hash === "string";
}
