/** What a family's folder says of how it is checked, in `checks.json`. */
import { readFileSync } from "node:fs";
import { families } from "../families/index.js";
import type { GgufMetadataValues } from "./gguf-file.js";

type Fields = Readonly<Record<string, unknown>>;

export interface FamilyChecks {
  /** A typical config.json as it is published, with all that it carries beside what the family reads. */
  readonly published: Fields;
  /** What `same` and `refused` are said on top of. */
  readonly sizes?: Fields;
  /** Fields as transformers 5 writes them, and the same in older files. */
  readonly same?: readonly (readonly [newer: Fields, older: Fields])[];
  /** Values that are not implemented, each alone. */
  readonly refused?: Fields;
  /** Names of stored tensors that are no weights. */
  readonly buffers?: readonly string[];
  /** A small model in both descriptions, and the tensors that lie one below the other in one, by the name of the whole. */
  readonly gguf?: {
    readonly config: Fields;
    readonly metadata: GgufMetadataValues;
    readonly fused: Readonly<Record<string, readonly string[]>>;
  };
}

/** By `model_type`, which a family's folder is named after. */
export const familyChecks: ReadonlyMap<string, FamilyChecks> = new Map(
  families.map(({ modelType }) => {
    const file = new URL(`../families/${modelType}/checks.json`, import.meta.url);
    return [modelType, JSON.parse(readFileSync(file, "utf8"))];
  }),
);
