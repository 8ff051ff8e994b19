/** The script of reports, made of the components of `@mlxterp/viz/interactive`. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "./checkout.mjs";

/** @returns {Promise<string>} a module that holds the script and its hash */
export async function pageScriptModule() {
  const { outputFiles } = await build({
    entryPoints: [join(root, "packages/viz/src/interactive/report-page.tsx")],
    bundle: true,
    write: false,
    minify: true,
    format: "iife",
    platform: "browser",
    target: "es2022",
    charset: "ascii",
    legalComments: "none",
    conditions: ["@mlxterp/source"],
    logLevel: "silent",
  });
  // as in any page: the text of a script ends at its end tag, wherever that stands
  const script = outputFiles[0].text
    .trim()
    .replaceAll("</script", "<\\/script")
    .replaceAll("<!--", "\\x3c!--");
  const hash = createHash("sha256").update(script).digest("base64");
  return [
    "/** The script of reports; written by `node scripts/page-script.mjs`, never by hand. */",
    "// biome-ignore-all format: it is made for machines",
    "// biome-ignore-all lint: it is made for machines",
    `export const pageScript = ${JSON.stringify(script)};`,
    "/** By which a page's policy lets it run: SHA-256 in base64. */",
    `export const pageScriptHash = ${JSON.stringify(hash)};`,
    "",
  ].join("\n");
}
