/** What it takes until the library is there, and until the command has answered. */

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Line, Settings } from "./measurement.js";
import { summarize } from "./pairs.js";

const built = (file: string) =>
  fileURLToPath(new URL(`../../../packages/mlxterp/dist/${file}`, import.meta.url));

/** Seconds of whole processes, as they are published; what an empty one takes is a line of its own. */
export async function* importing({ rounds }: Settings): AsyncGenerator<Line> {
  if (!existsSync(built("index.js"))) {
    yield { what: "importing mlxterp", value: "skipped", goal: "first: npm run build" };
    return;
  }
  const count = Math.max(3, Math.ceil(rounds / 2));
  const importer = `await import(${JSON.stringify(built("index.js"))})`;
  const evaluated = (source: string) => ["--input-type=module", "--eval", source];
  yield { what: "an empty process", value: seconds(evaluated(""), count) };
  yield { what: "importing mlxterp", value: seconds(evaluated(importer), count), goal: "≤ 0.5 s" };
  const command = [built("cli/main.js"), "sites"];
  yield { what: "mlxterp sites", value: seconds(command, count), goal: "≤ 0.6 s" };
}

function seconds(args: readonly string[], rounds: number): string {
  const times = Array.from({ length: rounds }, () => {
    const start = performance.now();
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`node ${args.join(" ")} failed: ${stderr}`);
    return (performance.now() - start) / 1000;
  });
  return `${summarize(times).median.toFixed(2)} s`;
}
