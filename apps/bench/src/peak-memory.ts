/** Peak resident memory of one pass, measured by the kernel in a process of its own. */
import { fileURLToPath } from "node:url";
import { evaluate, release } from "@mlxterp/mlx";
import { peakBytes, resetPeak, runChild } from "./child.js";
import type { Line } from "./measurement.js";
import { gpt2Shaped, someTokens } from "./network.js";

type Kind = "plain" | "saved";

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
    resetPeak();
    await pass();
    peaks.push(peakBytes());
  }
  // The allocator's own reserve comes and goes; the lowest of several rounds is what a pass needs.
  return Math.min(...peaks.slice(2));
}

export async function* memory(): AsyncGenerator<Line> {
  const peak = (kind: Kind) => Number(runChild(fileURLToPath(import.meta.url), [kind, "512"]));
  const linux = process.platform === "linux"; // elsewhere the kernel does not tell
  yield {
    what: "peak memory with one saved site / without tracing, 512 tokens",
    value: linux ? (peak("saved") / peak("plain")).toFixed(3) : "Linux only",
    goal: "≤ 1.05",
  };
}

const [, entry, kind, tokens] = process.argv;
if (entry === fileURLToPath(import.meta.url)) {
  process.stdout.write(String(await measureHere(kind as Kind, Number(tokens))));
}
