/** A process of its own, in which hostile calls may do what they will: each is announced, then its ending told. */
import { rmSync } from "node:fs";
import { chdir } from "node:process";
import { allDoors } from "./all-doors.js";
import { setUp } from "./bench.js";
import { callWith, doorFor } from "./call.js";

const [from, to] = process.argv.slice(2).map(Number);
const home = process.cwd();
let current = from;
let stray = "";
process.on("unhandledRejection", (error) => {
  stray = `by ${current}: ${error instanceof Error ? error.stack : String(error)}`;
});
const bench = await setUp();
const doors = await allDoors(bench);
for (current = from; current < to; current++) {
  tell({ seed: current, door: doorFor(doors, current).name });
  tell({ seed: current, ...(await callWith(bench, doors, current)) });
}
chdir(home);
rmSync(bench.folder, { recursive: true, force: true });
if (stray !== "") tell({ seed: current, kind: "untyped", detail: stray });
process.exit(); // servers that calls began go on

function tell(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
