/** Nothing that a public function is given ends the process, hangs, or throws what is not a typed error. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { allDoors, allOwners, notCalled } from "./testing/hostile/all-doors.js";
import { benchOfFile } from "./testing/hostile/bench-of-file.js";
import { entryPoints, exportedFunctions } from "./testing/hostile/exports.js";
import { hostileCalls } from "./testing/hostile/parent.js";

/** How many: more take longer and find more, so a change of what a door takes is worth some thousands. */
const count = Number(process.env.MLXTERP_HOSTILE_CALLS ?? 60);
/** Others than before. */
const from = Number(process.env.MLXTERP_HOSTILE_SEED ?? 20_000);
/** Milliseconds of one call: few calls are part of checks whose processors others use, too. */
const limit = count > 500 ? 5_000 : 20_000;

it("hostile values for random arguments give results or typed errors, in time", async () => {
  const { failures, endings } = await hostileCalls(from, from + count, limit);
  expect(failures).toEqual([]);
  expect(endings.typed).toBeGreaterThan(count / 3);
  expect(endings.result).toBeGreaterThan(count / 30);
}, 3_600_000);

describe("what is tried", () => {
  const bench = benchOfFile();

  it("is every entry point that a package has", () => {
    const packages = fileURLToPath(new URL("../../", import.meta.url));
    const published = readdirSync(packages).flatMap((name) => {
      const { exports } = JSON.parse(readFileSync(`${packages}${name}/package.json`, "utf8"));
      return Object.keys(exports as object).map((path) => `@mlxterp/${name}${path.slice(1)}`);
    });
    const others = published.filter((entry) => !/^@mlxterp\/mlxterp(\/|$)/.test(entry)); // all of it comes from them
    expect(others.filter((entry) => !entryPoints.has(entry) && !/json$/.test(entry))).toEqual([]);
  });

  it("is every function with right arguments, and every class with its methods", async () => {
    const doors = await allDoors(bench());
    const withArguments = new Set(doors.flatMap(({ name, args }) => (args ? [name.split(".")[1]] : []))); // biome-ignore format: one line
    const made = await Promise.all(Object.values(allOwners(bench())).map(({ make }) => make()));
    const missing = exportedFunctions().filter(({ name, value, isClass }) => {
      if (isClass) return !made.some((one) => one instanceof (value as new () => object));
      return !withArguments.has(name) && !(name in notCalled);
    });
    expect(missing.map(({ group, name }) => `${group}.${name}`)).toEqual([]);
  });
});
