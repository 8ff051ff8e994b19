/** Peak resident memory of one pass, measured by the kernel in a process of its own. */
import { fileURLToPath } from "node:url";
import { evaluate, type MxArray, release } from "@mlxterp/mlx";
import { bareForward } from "./bare-forward.js";
import { peakBytes, resetPeak, runChild } from "./child.js";
import type { Line } from "./measurement.js";
import { gpt2Shaped, someTokens } from "./network.js";

/** Ours, and the same written by hand that keeps the same values. */
const pairs = {
  "one saved site": ["saved", "bareSaved"],
  "every residual site": ["residual", "bareResidual"],
  "no tracing": ["plain", "bare"],
} as const;

type Kind = (typeof pairs)[keyof typeof pairs][number];

async function measureHere(kind: Kind, tokens: number): Promise<number> {
  const model = gpt2Shaped();
  const ids = [someTokens(tokens)];
  const bare = bareForward(model.module);
  const array = model.tokens(ids).array;
  const byHand = async (wanted: (site: string) => boolean) => {
    const kept: MxArray[] = [];
    const logits = bare(array, undefined, (x, site) => {
      if (wanted(site)) kept.push(x);
      return x;
    });
    await evaluate([...kept, logits]);
  };
  const ways: Record<Kind, () => Promise<unknown>> = {
    plain: () => evaluate([model.forward(ids)]),
    bare: () => byHand(() => false),
    saved: () => model.run(ids, { save: ["layers.6", "output"] }),
    bareSaved: () => byHand((site) => site === "layers.6"),
    residual: () => model.run(ids, { save: ["layers.*", "layers.*.residMid", "output"] }),
    bareResidual: () => byHand(() => true),
  };
  const pass = ways[kind];
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
  for (const [name, [ours, bare]] of Object.entries(pairs)) {
    yield {
      what: `peak memory with ${name} / by hand, 512 tokens`,
      value: linux ? (peak(ours) / peak(bare)).toFixed(3) : "Linux only",
      goal: "≤ 1.05",
    };
  }
}

const [, entry, kind, tokens] = process.argv;
if (entry === fileURLToPath(import.meta.url)) {
  process.stdout.write(String(await measureHere(kind as Kind, Number(tokens))));
}
