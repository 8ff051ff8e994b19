/** Where numbers come from: one form for results, caches, stores and rollouts. */

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

/** What a reader needs to get the same numbers again; the tokens fed stand beside it. */
export interface Provenance {
  /** Hub id, folder or class. */
  readonly model: string;
  /** The commit of a checkpoint of the hub. */
  readonly revision?: string;
  readonly weights?: WeightsHash;
  /** Of the weights, such as `float32`. */
  readonly dtype?: string;
  readonly device: "cpu" | "gpu";
  /** Of the library that multiplies, where it says so. */
  readonly kernel?: string;
  readonly quantization?: string;
  /** Lasting changes of this view. */
  readonly edits: readonly ProvenanceEdit[];
  /** Sites that were changed for these numbers alone. */
  readonly interventions?: readonly string[];
  /** Where chance had a part. */
  readonly seed?: number;
  readonly versions: Readonly<Record<string, string>>;
  /** When, as ISO 8601. */
  readonly time: string;
}
