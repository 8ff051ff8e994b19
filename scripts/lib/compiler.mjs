/** TypeScript's native compiler: it checks and writes declarations in a quarter of the time; version 5's API stays for tests that ask it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./checkout.mjs";
import { run, Stop } from "./commands.mjs";

export const nativeCompiler = join(root, "node_modules/typescript-native/bin/tsc");

/**
 * @param {string[]} args
 * @returns {number} its exit status
 */
export function compile(args) {
  // one thread: each further one would infer the same types again
  return run(process.execPath, [nativeCompiler, "--checkers", "1", ...args]);
}

/**
 * Writes the declarations of some sources of a package and of what they import. They are made from the built declarations of
 * the packages below, not from their sources, and import them by name.
 *
 * @param {string} folder the package's
 * @param {readonly string[]} sources such as `src/index.ts`
 * @param {string} into the folder for them, each where its source lies in `src`
 * @throws Stop when the compiler finds something wrong
 */
export function writeDeclarations(folder, sources, into) {
  const settings = join(into, "tsconfig.json");
  const compilerOptions = {
    customConditions: [],
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    rootDir: join(folder, "src"),
    outDir: into,
    typeRoots: [join(root, "node_modules/@types")],
  };
  const files = sources.map((source) => join(folder, source));
  const text = { extends: join(folder, "tsconfig.json"), compilerOptions, files, include: [] };
  mkdirSync(into, { recursive: true });
  writeFileSync(settings, JSON.stringify(text));
  if (compile(["-p", settings]) !== 0) throw new Stop(`${folder}: no declarations.`);
}
