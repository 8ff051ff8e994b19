/** Holds the packages to the directions of the architecture: arrows point down, and nobody reaches inside another. */
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { findCycles } from "./support/cycles.js";
import { type Import, importsIn, importsOf, packageOf } from "./support/imports.js";
import {
  allFiles,
  apps,
  libraries,
  root,
  runtimeDependencies,
  sourceFiles,
  type WorkspacePackage,
} from "./support/workspace.js";

const binding = "@frost-beta/mlx";

/** What each package may import of the others; a package absent here has not been thought about. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  "@mlxterp/results": [],
  "@mlxterp/mlx": ["@mlxterp/results"],
  "@mlxterp/core": ["@mlxterp/mlx", "@mlxterp/results"],
  "@mlxterp/data": ["@mlxterp/mlx", "@mlxterp/core", "@mlxterp/results"],
  "@mlxterp/interventions": ["@mlxterp/mlx", "@mlxterp/core"],
  "@mlxterp/models": ["@mlxterp/mlx", "@mlxterp/core", "@mlxterp/results"],
  "@mlxterp/analysis": [
    "@mlxterp/results",
    "@mlxterp/mlx",
    "@mlxterp/core",
    "@mlxterp/interventions",
  ],
  "@mlxterp/dictionaries": ["@mlxterp/results", "@mlxterp/mlx", "@mlxterp/core", "@mlxterp/data"],
  "@mlxterp/viz": ["@mlxterp/results"],
  "@mlxterp/server": [
    "@mlxterp/results",
    "@mlxterp/mlx",
    "@mlxterp/core",
    "@mlxterp/interventions",
    "@mlxterp/models",
    "@mlxterp/analysis",
    "@mlxterp/dictionaries",
    "@mlxterp/viz",
  ],
  mlxterp: [
    "@mlxterp/results",
    "@mlxterp/mlx",
    "@mlxterp/core",
    "@mlxterp/data",
    "@mlxterp/interventions",
    "@mlxterp/models",
    "@mlxterp/analysis",
    "@mlxterp/dictionaries",
    "@mlxterp/viz",
    "@mlxterp/server",
  ],
};

/** What has many files and is needed by few programs: it comes with its first use, since importing would take as long again. */
const late = ["csv-parse", "yaml"];

/** Packages whose code must not contain the other, though their declarations may. */
const typesOnly: Readonly<Record<string, readonly string[]>> = {};

const ours = new Set([...libraries, ...apps].map(({ manifest }) => manifest.name));

/** What packages may be imported as: by name, or by an entry point that they publish. */
const entryPoints = new Set(
  libraries.flatMap(({ manifest }) =>
    Object.keys(manifest.exports ?? {}).map((entry) => manifest.name + entry.slice(1)),
  ),
);

/** What tests of packages take from elsewhere: how a program is made of sources, and helpers of other packages' tests. */
function ofTests(file: string, from: string): boolean {
  const target = resolve(dirname(file), from);
  const isTest = /\.test\.ts$|\/test(ing|-support)?\//.test(file);
  const isHelp =
    target === join(root, "scripts/lib/from-sources.mjs") || /\/src\/testing\//.test(target);
  return isTest && isHelp;
}

interface ImportInFile extends Import {
  readonly file: string;
  /** the file, from the root */
  readonly at: string;
}

const byFile = { sources: new Map<string, ImportInFile[]>(), all: new Map<string, ImportInFile[]>() }; // biome-ignore format: one line

/** Those of a package's sources, or of all its files; folders are listed once. */
function importsByFile(one: WorkspacePackage, which: keyof typeof byFile = "sources") {
  const known = byFile[which].get(one.path);
  if (known) return known;
  const files = { sources: sourceFiles, all: allFiles }[which](one);
  const found = files.flatMap((file) => {
    const at = relative(root, file);
    return importsOf(file).map((found) => ({ ...found, file, at }));
  });
  byFile[which].set(one.path, found);
  return found;
}

/** Each source file and the files of the same package whose code it imports. */
function fileGraph(one: WorkspacePackage): Map<string, string[]> {
  const graph = new Map<string, string[]>(sourceFiles(one).map((file) => [file, []]));
  for (const { file, from, typeOnly } of importsByFile(one)) {
    if (typeOnly || !from.startsWith(".")) continue;
    graph.get(file)?.push(resolve(dirname(file), from.replace(/\.js$/, ".ts")));
  }
  return graph;
}

/**
 * Each folder of a package and the folders that its files need, for types too. The menu stands above all of them, and
 * needs no place in the graph: nobody may import it.
 */
function roomGraph(one: WorkspacePackage): Map<string, string[]> {
  const graph = new Map<string, string[]>();
  for (const { file, from } of importsByFile(one)) {
    if (!from.startsWith(".")) continue;
    const [room, needed] = [dirname(file), dirname(resolve(dirname(file), from))];
    if (room === needed || file === join(one.folder, "src/index.ts")) continue;
    graph.set(room, [...(graph.get(room) ?? []), needed]);
  }
  return graph;
}

describe("reading imports", () => {
  it("tells imports that leave code from those that leave none", () => {
    const source = `
      import type { A } from "types"; import { type B } from "types-too"; import C, { type D } from "code";
      export { e } from "again"; export type { F } from "type-again"; import "effect";
      const g = await import("later"); let h: import("inline").H; createRequire(here)("native");`;
    const found = importsIn(source).map(({ from, typeOnly }) => [from, typeOnly]);
    expect(Object.fromEntries(found)).toEqual({
      types: true,
      "types-too": true,
      code: false,
      again: false,
      "type-again": true,
      effect: false,
      later: false,
      inline: true,
      native: false,
    });
  });

  it("finds a cycle and names its members", () => {
    const graph = new Map([
      ["a", ["b"]],
      ["b", ["c", "d"]],
      ["c", ["a"]],
      ["d", []],
    ]);
    expect(findCycles(graph)).toEqual([["a", "b", "c", "a"]]);
  });
});

describe.each(libraries.map((one) => [one.manifest.name, one] as const))("%s", (name, one) => {
  it("has its place in the architecture", () => {
    expect(Object.keys(allowed)).toContain(name);
  });

  it("declares dependencies on lower packages only", () => {
    const declared = runtimeDependencies(one).filter((other) => ours.has(other));
    expect(declared.filter((other) => !allowed[name].includes(other))).toEqual([]);
  });

  it("imports lower packages only, and only what it declares", () => {
    const declared = new Set(runtimeDependencies(one));
    const wrong = importsByFile(one).filter(({ from }) => {
      const other = packageOf(from);
      if (other === undefined) return false;
      return !declared.has(other) || (ours.has(other) && !allowed[name].includes(other));
    });
    expect(wrong.map(({ at, from }) => `${at} imports ${from}`)).toEqual([]);
  });

  it("imports nothing but types where the architecture says so", () => {
    const restricted = typesOnly[name] ?? [];
    const code = importsByFile(one).filter(
      ({ from, typeOnly }) => !typeOnly && restricted.includes(packageOf(from) ?? ""),
    );
    expect(code.map(({ at, from }) => `${at} imports code of ${from}`)).toEqual([]);
  });
});

describe("importing", () => {
  it("leaves what few programs need to its first use", () => {
    const loaded = libraries
      .flatMap((one) => importsByFile(one))
      .filter(({ from, typeOnly }) => !typeOnly && late.includes(packageOf(from) ?? ""));
    const early = loaded.filter((found) => !found.late);
    expect(early.map(({ at, from }) => `${at} imports ${from}`)).toEqual([]);
    expect(new Set(loaded.map(({ from }) => packageOf(from)))).toEqual(new Set(late));
  });
});

describe.each([...libraries, ...apps].map((one) => [one.path, one] as const))("%s", (_, one) => {
  it("leaves the binding to @mlxterp/mlx", () => {
    const isHome = one.manifest.name === "@mlxterp/mlx";
    const direct = importsByFile(one, "all").some(({ from }) => packageOf(from) === binding);
    expect(direct).toBe(isHome);
  });

  it("reaches other packages by name, never by a relative or deep path", () => {
    const deep = importsByFile(one, "all").filter(({ from, file }) => {
      const inside = !relative(one.folder, resolve(dirname(file), from)).startsWith("..");
      if (from.startsWith(".")) return !inside && !ofTests(file, from);
      return ours.has(packageOf(from) ?? "") && !entryPoints.has(from);
    });
    expect(deep.map(({ at, from }) => `${at} imports ${from}`)).toEqual([]);
  });

  it("has no circular imports, but for types, of which nothing is left at run time", () => {
    const cycles = findCycles(fileGraph(one));
    const named = cycles.map((cycle) => cycle.map((file) => relative(one.folder, file)));
    expect(named).toEqual([]);
  });
});

describe.each(libraries.map((one) => [one.path, one] as const))("rooms of %s", (_, one) => {
  it("has no two folders that need each other, not even for types", () => {
    const cycles = findCycles(roomGraph(one));
    const named = cycles.map((cycle) => cycle.map((room) => relative(one.folder, room)));
    expect(named).toEqual([]);
  });
});
