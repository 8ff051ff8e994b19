/** Writes the script that reports carry into `packages/viz/src/report/page-script.ts`; a test holds it to its sources. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./lib/checkout.mjs";
import { pageScriptModule } from "./lib/page-script.mjs";

writeFileSync(join(root, "packages/viz/src/report/page-script.ts"), await pageScriptModule());
