/** How far every family is from transformers, as it was measured and is kept beside the reference checkpoints. */
import { readFileSync } from "node:fs";
import { loadModel } from "../index.js";
import { compareFolded } from "./folded-comparison.js";
import { type OtherComparison, otherFamilies } from "./other-families.js";
import { readActivations } from "./reference.js";
import { compareWithReference, tolerances } from "./reference-comparison.js";
import { referenceFolders } from "./reference-folders.js";

/** One reference checkpoint and how far we are from it, in the respects it has. */
export interface FamilyResult extends OtherComparison {
  readonly checkpoint: string;
  readonly modelType: string;
}

/** What float32 arithmetic in another order may differ by, also after weights were multiplied. */
export const resultTolerances = { ...tolerances, folded: 1e-4 } as const;

export const resultsFile = new URL("../../references/results.json", import.meta.url);

/** What was written down. */
export function readResults(): FamilyResult[] {
  return JSON.parse(readFileSync(resultsFile, "utf8"));
}

/** Compares every family that has a reference checkpoint. */
export async function measureFamilies(): Promise<FamilyResult[]> {
  const results: FamilyResult[] = [];
  for (const { name, modelType, folder } of referenceFolders()) {
    const model = await loadModel(folder);
    const activations = readActivations(folder);
    const comparison = await compareWithReference(model, activations);
    const folded = await compareFolded(model, activations);
    results.push({ checkpoint: name, modelType, ...comparison, folded });
  }
  for (const [modelType, compare] of Object.entries(otherFamilies)) {
    results.push({ checkpoint: modelType, modelType, ...(await compare()) });
  }
  return results;
}
