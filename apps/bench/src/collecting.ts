/** Collecting to disk, against a loop by hand that appends to one file. */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { collectToDisk } from "@mlxterp/data";
import { evaluate, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { type BareForward, bareForward } from "./bare-forward.js";
import type { Line, Settings } from "./measurement.js";
import { gpt2Shaped, someTokens } from "./network.js";
import { interleave, ratio } from "./pairs.js";

const batches = 4;
const rows = 8;

/** The residual stream after layer 6 of some batches; both sides compute no layer above it. */
export async function* collecting({ tokens, rounds }: Settings): AsyncGenerator<Line> {
  const model = gpt2Shaped();
  const bare = bareForward(model.module);
  const data = Array.from({ length: batches * rows }, (_, index) =>
    someTokens(tokens + index).slice(index),
  );
  const folder = mkdtempSync(join(tmpdir(), "mlxterp-bench-"));
  let count = 0;
  try {
    const times = await interleave(
      {
        bare: () => byHand(bare, data, join(folder, "bare.bin")),
        ours: async () => {
          const own = { folder: join(folder, String(count++)), save: "layers.6" as const };
          await collectToDisk(model, data, { ...own, batchSize: rows });
        },
      },
      Math.max(3, Math.ceil(rounds / 2)),
    );
    yield {
      what: `collecting ${batches * rows} prompts to disk, one site / a loop that appends to a file`,
      value: ratio(times.ours, times.bare).toFixed(3),
      goal: "≤ 1.10",
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function byHand(bare: BareForward, data: readonly number[][], path: string): Promise<void> {
  const file = openSync(path, "w");
  for (let start = 0; start < data.length; start += rows) {
    let kept: MxArray | undefined;
    bare(mx.array(data.slice(start, start + rows), mx.int32), undefined, (x, site) => {
      if (site === "layers.6") kept = x;
      return x;
    });
    await evaluate([kept!]);
    writeSync(file, toFlat(kept!) as Float32Array);
  }
  closeSync(file);
}
