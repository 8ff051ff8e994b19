/** Nothing within an object of options is passed over: a name that does not exist, however deep, nor a value that is none. */
import { describe, expect, it } from "vitest";
import { allDoors } from "./testing/hostile/all-doors.js";
import { begun, benchOfFile } from "./testing/hostile/bench-of-file.js";
import type { Door } from "./testing/hostile/doors.js";
import { Later } from "./testing/hostile/later.js";
import { isPlain } from "./testing/hostile/near.js";

type Path = readonly (string | number)[];
type Change = (object: Readonly<Record<string, unknown>>, key: string) => object;

const bench = benchOfFile();

/** Data whose names are the caller's own, or which may hold more than is read: by door, and where in it. */
const data: readonly RegExp[] = [
  /^errors\.|^results\.(checkOptions|originDifferences|requireSameOrigin|provenanceProblem)\b/, // of any object
  /^results\.(createTable|rowsToCsv|tableToCsv|toJson|createGrid 0\.labels|checkRecord)\b/,
  /^results\.(fedBlocks|noteBlocks|labelKey|labelText)\b/, // of results, which may say more
  /^results\.(gridToCsv|placesOf|rowsOf|shapeOf|sliceOf|valueAt|readsResult|checkResult|compare)\b/,
  /^results\.(defineMethod|fieldsOf|parseOptions|innerSchema|definitionOf|readOnly) .*options/, // schemas of zod
  /^core\.(checkInterventions|isPositionRange|anatomyPart|noteOrigin|provenanceOf|nameAxes|skipOptions)\b/,
  /^(interventions\.(parse\w+|interventionsTo\w+|editsToJSON)|core\.checkEdits) .*layers\.0$/, // sites: there is a `layers.00`
  /^data\.(tableOf|writeParquet)\b/,
  /^mlx\.(hasEnded|verifyFiles|writeTensors|fileFailure|checkRecord)\b|^matrices\./,
  /^analysis\.(askedOfTask|createResult|rerun|attributionBars|conversation|fedOf|graphToDot)\b/,
  /^analysis\.(edgeGraph|steeringInterventions|toControlVector|fromControlVector)\b/, // rows that say more elsewhere
  /^analysis\.(counterfactuals|runCausalModel) .*(inputs|variables)\.\w+$/,
  /^analysis\.runCausalModel [12]/,
  /^dictionaries\.(featureDashboard|viewerGraph|scoreAgainstTruth|trainingCurves)\b/,
  /^dictionaries\.(train\w+|diffCrosscoder) [01]\.(name|batches)$|^dictionaries\.changeFeatures/,
  /^dictionaries\.modelSource|^dictionaries\.train\w+ 2\.sites/, // checked when the training begins
  /\.applyChatTemplate .*(variables|role|content)/,
  /^client\./, // the server refuses them
];

/** Every name within the arguments; models, tokenizers and whatever else acts by itself is no data. */
function* places(value: unknown, path: Path = []): Generator<Path> {
  if (Array.isArray(value)) {
    for (const [at, one] of value.slice(0, 2).entries()) yield* places(one, [...path, at]);
  }
  if (!isPlain(value)) return;
  if (Object.values(value).filter((one) => typeof one === "function").length > 2) return;
  for (const key of Object.keys(value)) {
    yield [...path, key];
    yield* places(value[key], [...path, key]);
  }
}

function changed(value: unknown, [key, ...rest]: Path, change: Change): unknown {
  if (Array.isArray(value)) return value.with(key as number, changed(value[key as number], rest, change)); // biome-ignore format: one line
  const object = value as Readonly<Record<string, unknown>>;
  if (rest.length === 0) return change(object, key as string);
  return { ...object, [key]: changed(object[key], rest, change) };
}

const misspelt: Change = (object, key) => ({ ...object, [`${key}${key.at(-1)}`]: object[key] });
const symbol: Change = (object, key) => ({ ...object, [key]: Symbol("no value") });

/** What is wrong with how a call ends, if anything is. */
async function fault(door: Door, path: Path, change: Change): Promise<string | undefined> {
  const call = `${door.name} ${path.join(".")}`;
  const args = changed([...(door.args as readonly unknown[])], path, change) as never[];
  try {
    await begun(await door.call(...args));
  } catch (error) {
    const { code } = error as { readonly code?: string };
    return code === undefined ? `${call}: ${String(error)}` : undefined;
  }
  return `${call}: taken in silence`;
}

describe("in any object of options, however deep", () => {
  it.each([
    ["a name that does not exist", misspelt],
    ["a symbol as a value", symbol],
  ] as const)(
    "%s is refused",
    async (_, change) => {
      const doors = await allDoors(bench());
      const all = doors.flatMap((door) => {
        const { args, name } = door;
        if (args === undefined || args instanceof Later) return [];
        if (args.some((one) => one instanceof Later)) return []; // results: `readsResult` knows what they have
        return [...places(args)]
          .filter((path) => !data.some((one) => one.test(`${name} ${path.join(".")}`)))
          .map((path) => [door, path] as const);
      });
      const faults: string[] = [];
      for (const [door, path] of all) {
        const found = await fault(door, path, change);
        if (found !== undefined) faults.push(found);
      }
      expect(faults).toEqual([]);
      expect(all.length).toBeGreaterThan(1_000);
    },
    600_000,
  );
});
