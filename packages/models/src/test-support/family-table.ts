/** The table of families in FEATURES.md, made from what was measured. */
import { fileURLToPath } from "node:url";
import { loadModel } from "../index.js";
import { readActivations } from "./reference.js";
import {
  compareWithReference,
  type ReferenceComparison,
  referenceFolders,
  tolerances,
} from "./reference-comparison.js";

/** One reference checkpoint and how far we are from it. */
export interface FamilyResult extends ReferenceComparison {
  readonly checkpoint: string;
  readonly modelType: string;
}

export const featuresFile = fileURLToPath(new URL("../../../../FEATURES.md", import.meta.url));
export const resultsFile = fileURLToPath(new URL("family-results.json", import.meta.url));

const marks = ["<!-- families:start -->", "<!-- families:end -->"] as const;
const columns = ["hidden", "attention", "logits", "padded", "gradient"] as const;

/** Compares every family that has a reference checkpoint. */
export async function measureFamilies(): Promise<FamilyResult[]> {
  const results: FamilyResult[] = [];
  for (const { name, modelType, folder } of referenceFolders()) {
    const comparison = await compareWithReference(await loadModel(folder), readActivations(folder));
    results.push({ checkpoint: name, modelType, ...comparison });
  }
  return results;
}

/** A check mark and the largest difference, or a cross. */
function cell(result: FamilyResult, column: (typeof columns)[number]): string {
  const difference = result[column];
  const mark = difference < tolerances[column] ? "✅" : "❌";
  return `${mark} ${difference.toExponential(0)}`;
}

function row(result: FamilyResult): string {
  const { checkpoint, modelType, cached, recomputed } = result;
  const name =
    checkpoint === modelType ? `\`${modelType}\`` : `\`${modelType}\` (\`${checkpoint}\`)`;
  const generation = cached && recomputed ? "✅" : "❌";
  const cells = columns.map((column) => cell(result, column));
  return `| ${[name, ...cells, generation].join(" | ")} |`;
}

/** The whole table in Markdown. */
export function familyTable(results: readonly FamilyResult[]): string {
  return [
    "| family | hidden | attention | logits | padded | gradient | generation |",
    "|---|---|---|---|---|---|---|",
    ...results.map(row),
  ].join("\n");
}

/** The same text with the table between its marks replaced. */
export function replaceTable(text: string, results: readonly FamilyResult[]): string {
  const [start, end] = marks.map((mark) => text.indexOf(mark));
  if (start < 0 || end < start) throw new RangeError(`The text lacks ${marks.join(" … ")}.`);
  return `${text.slice(0, start)}${marks[0]}\n${familyTable(results)}\n${text.slice(end)}`;
}
