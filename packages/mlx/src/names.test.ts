/** What the types declare, what is looked up when the binding loads, and what the binding has are the same. */
import { readFileSync } from "node:fs";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { alignNames } from "./align-names.js";
import { BindingUnavailableError } from "./errors.js";
import { mx, nn, optimizers } from "./index.js";
import { arrayNames, coreNames, layerNames, optimizerNames, partNames } from "./names.js";

/** The members of an interface, without symbols. */
function membersOf(file: string, wanted: string): string[] {
  const text = readFileSync(new URL(`./types/${file}.ts`, import.meta.url), "utf8");
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found = source.statements.find(
    (statement): statement is ts.InterfaceDeclaration =>
      ts.isInterfaceDeclaration(statement) && statement.name.text === wanted,
  );
  const names = found!.members.map(({ name }) => name?.getText() ?? "");
  return [...new Set(names.filter((name) => !name.startsWith("[")))].sort();
}

const tables: [string, string, readonly string[], object][] = [
  ["core", "Mx", coreNames, mx],
  ["core", "Random", partNames.random, mx.random],
  ["core", "Linalg", partNames.linalg, mx.linalg],
  ["core", "Fast", partNames.fast, mx.fast],
  ["core", "Metal", partNames.metal, mx.metal],
  ["array", "MxArray", arrayNames, mx.array.prototype],
  ["nn", "Nn", layerNames, nn],
  ["nn", "Optimizers", optimizerNames, optimizers],
];

it.each(tables)(
  "%s: %s declares what is looked up, and the binding has it",
  (file, type, ...rest) => {
    const [names, holder] = rest;
    expect(membersOf(file, type)).toEqual([...names].sort());
    expect(names.filter((name) => !(name in holder))).toEqual([]);
  },
);

describe("a binding of another version", () => {
  const functions = (names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, () => name]));
  const binding = () => {
    const parts = Object.fromEntries(
      Object.entries(partNames).map(([part, names]) => [part, functions(names)]),
    );
    const array = Object.assign(() => "array", { prototype: functions(arrayNames) });
    const core: Record<string, unknown> = { ...functions(coreNames), ...parts, array };
    return { core, nn: functions(layerNames), optimizers: functions(optimizerNames) };
  };

  it("is refused with its version and every name that it lacks", () => {
    const lacking = binding();
    delete lacking.core.softmax;
    delete (lacking.core.fast as Record<string, unknown>).rope;
    delete (lacking.nn as Record<string, unknown>).Linear;
    const refused = () => alignNames(lacking, () => "9.1.0");
    expect(refused).toThrow(BindingUnavailableError);
    expect(refused).toThrow(
      /mx\.softmax, mx\.fast\.rope, nn\.Linear are not in @frost-beta\/mlx 9\.1\.0/,
    );
    expect(refused).toThrow(/npm install @frost-beta\/mlx@0\.0\.7/);
  });

  it("has both names of what was renamed, and both places of what was moved", () => {
    const older = binding();
    older.core.blockSparseMM = (...inputs: unknown[]) => inputs;
    delete older.core.gatherMM;
    (older.core.metal as Record<string, unknown>).getActiveMemory = () => 7;
    delete older.core.getActiveMemory;
    alignNames(older, () => "1");
    const { gatherMM, getActiveMemory } = older.core as Record<
      string,
      (...x: unknown[]) => unknown
    >;
    expect(gatherMM(1, 2, null, 3)).toEqual([1, 2, null, 3]);
    expect(getActiveMemory()).toBe(7);
    const newer = binding();
    newer.core.gatherMM = (...inputs: unknown[]) => inputs;
    alignNames(newer, () => "1");
    const { blockSparseMM } = newer.core as Record<string, (...x: unknown[]) => unknown>;
    expect(blockSparseMM(1, 2)).toEqual([1, 2, null, null, false]);
  });

  it("has constants: arithmetic with one that is missing would be NaN without a word", () => {
    const { core } = binding();
    alignNames({ ...binding(), core }, () => "1");
    const constants = ["Inf", "inf", "NINF", "NaN"].map((name) => core[name]);
    expect(constants).toEqual([Infinity, Infinity, -Infinity, Number.NaN]);
  });
});
