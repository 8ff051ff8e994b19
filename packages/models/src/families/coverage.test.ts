/**
 * Every registered family was compared with transformers and stands in FEATURES.md as it was measured.
 * With MLXTERP_UPDATE_FEATURES=1 the comparison is made anew and the table rewritten.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  type FamilyResult,
  familyTable,
  featuresFile,
  measureFamilies,
  replaceTable,
  resultsFile,
} from "../test-support/family-table.js";
import { otherFamilies } from "../test-support/other-families.js";
import { tolerances } from "../test-support/reference-comparison.js";
import { referenceFolders } from "../test-support/reference-folders.js";
import { families } from "./index.js";

describe("every family", () => {
  const names = families.map(({ modelType }) => modelType);

  it.runIf(process.env.MLXTERP_UPDATE_FEATURES)(
    "is measured and written down",
    async () => {
      const results = await measureFamilies();
      writeFileSync(resultsFile, `${JSON.stringify(results, null, 2)}\n`);
      writeFileSync(featuresFile, replaceTable(readFileSync(featuresFile, "utf8"), results));
    },
    60_000,
  );

  it("has a reference checkpoint that it is compared with", () => {
    const decoders = referenceFolders().map(({ modelType }) => modelType);
    const compared = new Set([...decoders, ...Object.keys(otherFamilies)]);
    expect(names.filter((name) => !compared.has(name))).toEqual([]);
  });

  it.each(Object.entries(otherFamilies))(
    "%s is as far from transformers as it says",
    async (_, compare) => {
      const { cached = true, recomputed = true, ...differences } = await compare();
      expect({ cached, recomputed }).toEqual({ cached: true, recomputed: true });
      for (const [respect, difference] of Object.entries(differences)) {
        expect(difference, respect).toBeLessThan(tolerances[respect as keyof typeof tolerances]);
      }
    },
  );

  it("stands in FEATURES.md with the differences that were measured", () => {
    const text = readFileSync(featuresFile, "utf8");
    const results: FamilyResult[] = JSON.parse(readFileSync(resultsFile, "utf8"));
    expect(text).toContain(familyTable(results));
    const shown = new Set(results.map(({ modelType }) => modelType));
    expect(names.filter((name) => !shown.has(name))).toEqual([]);
  });
});
