/** Every public function with options refuses one that does not exist, with the nearest that does. */
import * as core from "@mlxterp/core";
import * as data from "@mlxterp/data";
import * as interventions from "@mlxterp/interventions";
import * as models from "@mlxterp/models";
import { describe, expect, it } from "vitest";
import { begun, benchOfFile } from "./testing/hostile/bench-of-file.js";
import { doorsOf, functionsOf, noDoors, type ReadyDoor } from "./testing/hostile/doors.js";
import { isPlain } from "./testing/hostile/near.js";

const bench = benchOfFile();

/** What takes an object by names, none of which are options: data to be checked as a whole, in its own way. */
const takesData = new Set([
  ...["core.skipOptions", "core.checkInterventions", "core.checkPositions", "core.isPositionRange"],
  ...["core.positionsOf", "core.anatomyPart", "interventions.interventionsToJSON"],
  ...[
    "interventions.interventionsToEntries",
    "interventions.parseEdits",
    "interventions.parseIntervention",
    "interventions.parseInterventions",
  ],
  ...["trace.at", "core.tokenBatch"],
]);

it("every exported function is among the doors", () => {
  const known = functionsOf(bench());
  for (const [name, exported] of Object.entries({ core, interventions, models, data })) {
    const functions = Object.entries(exported as Readonly<Record<string, unknown>>)
      .filter(([, value]) => typeof value === "function" && !isError(value))
      .map(([key]) => key);
    const missing = functions.filter((key) => !(key in known[name]) && !noDoors.has(key));
    expect(missing, `${name}: give each an entry in testing/hostile/doors.ts`).toEqual([]);
  }
});

describe("a misspelt option", () => {
  it("is refused by every function that has options, naming the nearest", async () => {
    const taken: (string | undefined)[] = [];
    for (const door of doorsOf(bench())) {
      const place = door.args.findLastIndex((one) => isPlain(one) && Object.keys(one).length > 0);
      if (place < 0 || takesData.has(door.name)) continue;
      const options = door.args[place] as Readonly<Record<string, unknown>>;
      for (const option of Object.keys(options)) {
        taken.push(await faultOf(door, place, options, option));
      }
    }
    expect(taken.filter((fault) => fault !== undefined)).toEqual([]);
    expect(taken.length).toBeGreaterThan(100);
  }, 60_000);
});

/** Calls with one option misspelt by its last letter doubled. @returns what is wrong with the answer */
async function faultOf(
  door: ReadyDoor,
  place: number,
  options: Readonly<Record<string, unknown>>,
  option: string,
): Promise<string | undefined> {
  const { [option]: value, ...others } = options;
  const misspelt = `${option}${option.at(-1)}`;
  const args = door.args.with(place, { ...others, [misspelt]: value });
  const call = `${door.name}({ ${misspelt} })`;
  try {
    await begun(await door.call(...(args as never[])));
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    const right = code === "INVALID_ARGUMENT" && message.includes(`Did you mean "${option}"?`);
    return right ? undefined : `${call}: ${code} ${message}`;
  }
  return `${call}: taken in silence`;
}

function isError(value: unknown): boolean {
  return (value as { prototype?: unknown }).prototype instanceof Error;
}
