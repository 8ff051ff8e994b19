/** The script that reports carry is that of the components. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { pageScriptModule } from "../scripts/lib/page-script.mjs";
import { root } from "./support/workspace.js";

it("is what `node scripts/page-script.mjs` writes", async () => {
  const written = readFileSync(join(root, "packages/viz/src/report/page-script.ts"), "utf8");
  expect(written === (await pageScriptModule()), "run node scripts/page-script.mjs").toBe(true);
});
