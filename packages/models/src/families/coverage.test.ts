/** Every registered family was compared with transformers and stands in docs/families.md and FEATURES.md as it was measured. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  familiesFile,
  familiesPage,
  featuresFile,
  replaceTable,
} from "../test-support/families-page.js";
import {
  type FamilyResult,
  readResults,
  resultTolerances,
} from "../test-support/family-results.js";
import { otherFamilies } from "../test-support/other-families.js";
import { referenceFolders } from "../test-support/reference-folders.js";
import { families } from "./index.js";

describe("every family", () => {
  const names = families.map(({ modelType }) => modelType);

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
        expect(difference, respect).toBeLessThan(
          resultTolerances[respect as keyof typeof resultTolerances],
        );
      }
    },
  );
});

describe("what was measured", () => {
  const results = readResults();

  it("is of every checkpoint; else run: node scripts/features.mjs", () => {
    const checkpoints = referenceFolders().map(({ name }) => name);
    expect(results.map(({ checkpoint }) => checkpoint)).toEqual([
      ...checkpoints,
      ...Object.keys(otherFamilies),
    ]);
  });

  it.each(results)("is within what float32 allows: $checkpoint", (result: FamilyResult) => {
    const { cached = true, recomputed = true } = result;
    expect({ cached, recomputed }).toEqual({ cached: true, recomputed: true });
    for (const [respect, tolerance] of Object.entries(resultTolerances)) {
      const difference = result[respect as keyof typeof resultTolerances] ?? 0;
      expect(difference, respect).toBeLessThan(tolerance);
    }
  });

  it("stands in docs/families.md; else run: node scripts/features.mjs", () => {
    expect(readFileSync(familiesFile, "utf8")).toBe(familiesPage(results));
  });

  it("stands in FEATURES.md; else run: node scripts/features.mjs", () => {
    const text = readFileSync(featuresFile, "utf8");
    expect(replaceTable(text, results)).toBe(text);
  });
});
