/** Keeps the packages alike: the same scripts and settings, publishable metadata, and files that introduce themselves. */
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { allFiles, apps, filesBelow, libraries, root } from "./support/workspace.js";

const everyPackage = [...libraries, ...apps].map((one) => [one.path, one] as const);
const published = libraries
  .filter(({ manifest }) => !manifest.private)
  .map((one) => [one.manifest.name, one] as const);

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(root, path), "utf8"));
}

/** Those that do not open with a comment; a command may have its interpreter line first. */
function muteFiles(files: string[]): string[] {
  const mute = files.filter(
    (file) => !/^(#!.*\n)?\/\*\*(\n \*)? \S/.test(readFileSync(file, "utf8")),
  );
  return mute.map((file) => relative(root, file));
}

describe.each(everyPackage)("%s", (path, one) => {
  it("has the five scripts of every package", () => {
    const scripts = Object.keys(one.manifest.scripts ?? {});
    expect(scripts).toEqual(
      expect.arrayContaining(["build", "test", "typecheck", "lint", "check:pkg"]),
    );
  });

  it("has the shared TypeScript settings and no others", () => {
    expect(readJson(join(path, "tsconfig.json"))).toEqual({
      extends: "../../tsconfig.base.json",
      include: existsSync(join(root, path, "test")) ? ["src", "test"] : ["src"],
    });
  });

  it("opens every source file with a line that says what it is", () => {
    expect(muteFiles(allFiles(one))).toEqual([]);
  });
});

describe.each(published)("%s as published", (name, { path, manifest }) => {
  it("says what it is, under which license, for which Node", () => {
    expect(manifest).toMatchObject({
      description: expect.stringMatching(/\S{3}/),
      license: "MIT",
      type: "module",
      sideEffects: false,
      engines: { node: ">=20.19" },
      files: expect.arrayContaining(["dist"]),
      publishConfig: { access: "public" },
    });
  });

  it("publishes the entry points it develops with, without the source condition", () => {
    const withoutSource = Object.entries(manifest.exports ?? {}).map(([entry, conditions]) => {
      const { "@mlxterp/source": source, ...rest } = conditions;
      expect(existsSync(join(root, path, source))).toBe(true);
      return [entry, rest];
    });
    expect(manifest.publishConfig?.exports).toEqual(Object.fromEntries(withoutSource));
  });

  it("depends on its siblings through the workspace protocol", () => {
    const siblings = Object.entries(manifest.dependencies ?? {}).filter(([other]) =>
      libraries.some((one) => one.manifest.name === other),
    );
    expect(siblings.filter(([, range]) => range !== "workspace:^")).toEqual([]);
  });

  it("has a size budget", () => {
    const budgets = readJson(".size-limit.json") as { name: string }[];
    expect(budgets.map((budget) => budget.name)).toContain(name);
  });
});

it("no schema freezes what it is given, as zod's own `readonly` would: `readOnly` says the same to the compiler alone", () => {
  const files = [...libraries, ...apps]
    .flatMap(allFiles)
    .filter((file) => !file.endsWith(".test.ts"));
  const freezing = files.filter((file) => /\.readonly\(\)[^`]/.test(readFileSync(file, "utf8")));
  expect(freezing.map((file) => relative(root, file))).toEqual([]);
});

describe("scripts and root tests", () => {
  it("open with a line that says what they are", () => {
    const folders = ["scripts", "tests"].map((folder) => join(root, folder));
    const files = folders.flatMap((folder) => filesBelow(folder, [".mjs", ".ts"]));
    expect(muteFiles(files)).toEqual([]);
  });
});
