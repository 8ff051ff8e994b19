/** Measures every family and writes the results, docs/families.md and the table in FEATURES.md; started by scripts/features.mjs. */
import { readFileSync, writeFileSync } from "node:fs";
import { familiesFile, familiesPage, featuresFile, replaceTable } from "./families-page.js";
import { measureFamilies, resultsFile } from "./family-results.js";

const results = await measureFamilies();
writeFileSync(resultsFile, `${JSON.stringify(results, null, 2)}\n`);
writeFileSync(familiesFile, familiesPage(results));
writeFileSync(featuresFile, replaceTable(readFileSync(featuresFile, "utf8"), results));
