/** Builds the page: static files that know no address but their own, from the sources of the packages below. */
import { defineConfig } from "vite";

export default defineConfig({
  base: "./",
  resolve: { conditions: ["@mlxterp/source"] },
  build: { target: "es2022", assetsInlineLimit: 0, reportCompressedSize: false },
});
