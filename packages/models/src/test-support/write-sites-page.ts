/** Writes docs/sites.md; started by scripts/sites.mjs. */
import { writeFileSync } from "node:fs";
import { sitesFile, sitesPage } from "./sites-page.js";

writeFileSync(sitesFile, await sitesPage());
