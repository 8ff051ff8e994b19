/** The one build configuration that every package uses: ESM and its declarations. */
import { defineConfig, type Options } from "tsup";

/** @param overrides what a package does differently, for example its entry points */
export function packageBuild(overrides: Options = {}) {
  return defineConfig({
    entry: ["src/index.ts"],
    format: "esm",
    platform: "node",
    target: "node20",
    dts: { compilerOptions: { customConditions: [] } },
    clean: true,
    sourcemap: false,
    treeshake: true,
    ...overrides,
  });
}
