/** Peak resident memory of one pass, measured by the kernel in a process of its own. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { evaluate, release } from "@mlxterp/mlx";
import { gpt2Shaped, someTokens } from "./network.js";

type Kind = "plain" | "saved";

function peakBytes(): number {
  const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"));
  return Number(line?.[1]) * 1024;
}

async function measureHere(kind: Kind, tokens: number): Promise<number> {
  const model = gpt2Shaped();
  const ids = [someTokens(tokens)];
  const pass = async () => {
    if (kind === "plain") await evaluate([model.forward(ids)]);
    else await model.run(ids, { save: ["layers.6", "output"] });
  };
  const peaks: number[] = [];
  for (let round = 0; round < 6; round++) {
    await release();
    writeFileSync("/proc/self/clear_refs", "5"); // starts the high-water mark anew
    await pass();
    peaks.push(peakBytes());
  }
  // The allocator's own reserve comes and goes; the lowest of several rounds is what a pass needs.
  return Math.min(...peaks.slice(2));
}

/** The peak of one kind of pass in bytes; undefined where the kernel does not tell. */
export function measurePeak(kind: Kind, tokens: number): number | undefined {
  if (process.platform !== "linux") return undefined;
  const file = fileURLToPath(import.meta.url);
  const child = spawnSync(process.execPath, [...process.execArgv, file, kind, String(tokens)], {
    encoding: "utf8",
  });
  if (child.status !== 0) throw new Error(`The memory measurement failed: ${child.stderr}`);
  return Number(child.stdout);
}

const [, entry, kind, tokens] = process.argv;
if (entry === fileURLToPath(import.meta.url)) {
  process.stdout.write(String(await measureHere(kind as Kind, Number(tokens))));
}
