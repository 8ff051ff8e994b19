/** Every way in: what packages export, methods of analysis, and methods of every object that these give. */
import { doorsOf as dictionaryDoors } from "../../../../dictionaries/src/testing/doors.js";
import { analysisFunctions } from "./analysis-doors.js";
import type { Bench } from "./bench.js";
import { type Calls, type Door, functionsOf, listOf, noDoors } from "./doors.js";
import { type Exported, exportedFunctions } from "./exports.js";
import { interactiveFunctions } from "./interactive-doors.js";
import { later } from "./later.js";
import { libraryDoors, methodFunctions } from "./library-doors.js";
import { errorFunctions, matrixFunctions, mlxFunctions } from "./lowest-doors.js";
import { memberDoors, type Owner } from "./members.js";
import { owners } from "./method-doors.js";
import { resultFunctions, serverFunctions, vizFunctions } from "./other-doors.js";
import { otherOwners } from "./other-models.js";
import { ended } from "./stopping.js";

/** What is exported and not called, and why. */
export const notCalled: Readonly<Record<string, string>> = {
  release: "collects what calls before it left: a part of what is asked of every call",
  releaseOld: "likewise",
  removeAbandoned: "removes files of the folder that it is given, whichever that is",
  removeDebris: "likewise",
};

export async function allDoors(bench: Bench): Promise<Door[]> {
  const known = listOf(knownFunctions(bench));
  const names = new Set([
    ...known.map(({ name }) => name.split(".")[1]),
    ...noDoors,
    ...Object.keys(notCalled),
  ]);
  const others = exportedFunctions().filter(({ name }) => !names.has(name));
  const members = await Promise.all(
    Object.entries(allOwners(bench)).map(([group, owner]) => memberDoors(group, owner)),
  );
  return [
    ...known,
    ...others.map(otherDoor(bench)),
    ...listOf(libraryDoors(bench)),
    ...members.flat(),
  ];
}

/** Objects whose methods are tried. */
export function allOwners(bench: Bench): Readonly<Record<string, Owner>> {
  return { ...owners(bench), ...otherOwners(bench) };
}

function knownFunctions(bench: Bench): Readonly<Record<string, Calls>> {
  return {
    ...functionsOf(bench),
    errors: errorFunctions,
    mlx: mlxFunctions(bench),
    matrices: matrixFunctions(),
    analysis: { ...analysisFunctions(bench), ...methodFunctions(bench) },
    results: resultFunctions(bench),
    viz: vizFunctions,
    interactive: interactiveFunctions,
    server: serverFunctions(bench),
  };
}

/** Those of dictionaries as in their own tests; of others nobody wrote arguments down. */
function otherDoor({ model, folder, store }: Bench) {
  const dictionaries = later(() => dictionaryDoors(model, folder, store));
  return ({ group, name, call, length }: Exported): Door => {
    if (group !== "dictionaries" || /^[A-Z]/.test(name)) {
      return { name: `${group}.${name}`, call: call as Door["call"], places: length };
    }
    const right = later(async () => {
      const doors = (await dictionaries.get()) as Readonly<Record<string, readonly unknown[]>>;
      return doors[name]?.slice(1) ?? [];
    });
    const plain = call as (...args: never[]) => unknown;
    const isLong = /^(train|topExamples)/.test(name); // as long as one asks for, until one is told to stop
    return {
      name: `${group}.${name}`,
      args: right,
      call: (isLong ? ended(plain) : call) as Door["call"],
    };
  };
}
