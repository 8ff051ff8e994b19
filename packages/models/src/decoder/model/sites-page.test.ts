/** Every site of the models here says what it holds, and docs/sites.md says the same. */
import { readFileSync } from "node:fs";
import { Tap } from "@mlxterp/core";
import { beforeAll, expect, it } from "vitest";
import { sitesFile, sitesPage } from "../../test-support/sites-page.js";

let page: string;
beforeAll(async () => {
  page = await sitesPage();
}, 60_000);

it("docs/sites.md is what the modules say; else run: node scripts/sites.mjs", () => {
  expect(readFileSync(sitesFile, "utf8")).toBe(page);
});

it("no tap is without a sentence", () => {
  const tapNames = /\.(scale|normalized|pattern|z|post|pre|gate|qInput|residMid)`(,|\.\n)/;
  expect(page.split("The modules around them").slice(1).join()).not.toMatch(tapNames);
  expect(new Tap(["batch"]).holds).toBeUndefined();
});
