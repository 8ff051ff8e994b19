/** Every public function refuses an option that does not exist by the nearest that does, and wrong arguments by a typed error. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { collectToDisk } from "@mlxterp/data";
import { loadModel } from "@mlxterp/models";
import { MlxterpError } from "@mlxterp/results";
import { afterAll, beforeAll, expect, it } from "vitest";
import * as own from "./index.js";
import { type Door, doorsOf, noDoors } from "./testing/doors.js";

const home = process.cwd();
const folder = mkdtempSync(join(tmpdir(), "mlxterp-strictness-"));
let doors: Readonly<Record<string, Door>> = {};
beforeAll(async () => {
  process.chdir(folder); // where folders of wrong names lead
  const model = await loadModel("tiny");
  const settings = { folder: `${folder}/store`, save: "layers.0" };
  const store = await collectToDisk(model, ["the capital of France is"], settings);
  doors = await doorsOf(model, folder, store);
}, 120_000);

afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
});

/** What takes an object by names, none of which are options. */
const takesData = new Set([
  "featureDashboard",
  "scoreAgainstTruth",
  "trainingConfig",
  "trainingCurves",
]);

const wrong = [undefined, null, -1, "x", {}, [null]];

it("every exported function is among the doors", () => {
  const functions = Object.entries(own).filter(([, value]) => {
    return typeof value === "function" && !(value.prototype instanceof Error);
  });
  const missing = functions.filter(([name]) => !(name in doors) && !noDoors.has(name));
  expect(missing.map(([name]) => name)).toEqual([]);
});

it("takes what is right, and refuses a misspelt option, naming the nearest", async () => {
  const faults: string[] = [];
  for (const [name, [, ...args]] of Object.entries(doors)) {
    const fault = await endOf(name, args);
    if (fault && name !== "loadCrosscoder") faults.push(`${name}: ${fault.message}`); // none ships
    const place = args.findLastIndex(isPlain);
    if (place < 0 || takesData.has(name)) continue;
    for (const [option, value] of Object.entries(args[place] as object)) {
      const { [option]: _, ...others } = args[place] as Record<string, unknown>;
      const misspelt = { ...others, [option + option.at(-1)]: value };
      const message =
        (await endOf(name, args.with(place, misspelt)))?.message ?? "taken in silence";
      if (!message.includes(option)) faults.push(`${name}({ ${option} }): ${message}`);
    }
  }
  expect(faults).toEqual([]);
}, 120_000);

it("has a result or a typed error for any argument", async () => {
  const faults: string[] = [];
  for (const [name, [, ...args]] of Object.entries(doors)) {
    for (const place of args.keys()) {
      for (const value of wrong) {
        const error = await endOf(name, args.with(place, value));
        if (!error || MlxterpError.isInstance(error)) continue;
        faults.push(`${name}, argument ${place}, ${String(value)}: ${error.message}`);
      }
    }
  }
  expect(faults).toEqual([]);
}, 120_000);

async function endOf(name: string, args: readonly unknown[]): Promise<Error | undefined> {
  const [call] = doors[name] as readonly [(...args: readonly unknown[]) => unknown];
  try {
    const result = await call(...args);
    if (isSource(result)) await result.batches(4, 0)[Symbol.asyncIterator]().next();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

function isSource(value: unknown): value is own.TrainingSource {
  return typeof (value as Partial<own.TrainingSource> | null | undefined)?.batches === "function";
}

function isPlain(value: unknown): boolean {
  const plain = typeof value === "object" && value !== null;
  return (
    plain && Object.getPrototypeOf(value) === Object.prototype && Object.keys(value).length > 0
  );
}
