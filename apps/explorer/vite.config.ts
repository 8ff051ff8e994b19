/** Builds the page: static files that know no address but their own, from the sources of the packages below. */
import { readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";

const fonts = ["inter", "jetbrains-mono", "newsreader"];

/** The fonts' licence asks to come along with them. */
const fontLicences: Plugin = {
  name: "font-licences",
  generateBundle() {
    for (const font of fonts) {
      const file = new URL(`node_modules/@fontsource-variable/${font}/LICENSE`, import.meta.url);
      const fileName = `notices/${font}.txt`;
      this.emitFile({ type: "asset", fileName, source: readFileSync(file) });
    }
  },
};

export default defineConfig({
  base: "./",
  resolve: { conditions: ["@mlxterp/source"] },
  plugins: [fontLicences],
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    license: { fileName: "notices/libraries.md" },
    chunkSizeWarningLimit: 800, // what draws reports, loaded with the first one
  },
});
