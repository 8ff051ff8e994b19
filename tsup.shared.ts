/** The one build configuration that every package uses: ESM and its declarations. */
import { defineConfig, type Options } from "tsup";

/**
 * Declarations are made from the built declarations of the packages below, not from their sources, and import
 * them by name. The reference makes `using` known to consumers whose own `lib` is older.
 */
export const declarations = {
  compilerOptions: { customConditions: [] },
  banner: '/// <reference lib="esnext.disposable" />',
};

/** @param overrides what a package does differently, for example its entry points */
export function packageBuild(overrides: Options = {}) {
  return defineConfig({
    entry: ["src/index.ts"],
    format: "esm",
    platform: "node",
    target: "node20",
    dts: declarations,
    clean: true,
    sourcemap: false,
    treeshake: true,
    silent: true,
    ...overrides,
  });
}
