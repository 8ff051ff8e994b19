/** The table of families in FEATURES.md, made from what was measured. */
import { fileURLToPath } from "node:url";
import { loadModel } from "../index.js";
import { type OtherComparison, otherFamilies } from "./other-families.js";
import { readActivations } from "./reference.js";
import { compareWithReference, tolerances } from "./reference-comparison.js";
import { referenceFolders } from "./reference-folders.js";

/** One reference checkpoint and how far we are from it, in the respects it has. */
export interface FamilyResult extends OtherComparison {
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
  for (const [modelType, compare] of Object.entries(otherFamilies)) {
    results.push({ checkpoint: modelType, modelType, ...(await compare()) });
  }
  return results;
}

/** A check mark or a cross and the largest difference; a dash for what a family does not have. */
function cell(result: FamilyResult, column: (typeof columns)[number]): string {
  const difference = result[column];
  if (difference === undefined) return "–";
  const mark = difference < tolerances[column] ? "✅" : "❌";
  return `${mark} ${difference.toExponential(0)}`;
}

function row(result: FamilyResult): string {
  const { checkpoint, modelType, cached, recomputed } = result;
  const name =
    checkpoint === modelType ? `\`${modelType}\`` : `\`${modelType}\` (\`${checkpoint}\`)`;
  const generated = cached && recomputed ? "✅" : "❌";
  const generation = cached === undefined ? "–" : generated;
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
