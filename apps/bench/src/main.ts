/** Prints what tracing costs, as ratios measured in one run. */
import { evaluate, mx } from "@mlxterp/mlx";
import { bareForward } from "./bare-forward.js";
import { gpt2Shaped, someTokens } from "./network.js";
import { measureOverhead } from "./overhead.js";
import { interleave, ratio } from "./pairs.js";
import { measurePeak } from "./peak-memory.js";

const tokens = Number(process.argv[2] ?? 128);
const rounds = Number(process.argv[3] ?? 15);

function line(what: string, value: string, goal: string): void {
  process.stdout.write(`${what.padEnd(72)} ${value.padStart(9)}   ${goal}\n`);
}

async function passes(): Promise<void> {
  const model = gpt2Shaped();
  const bare = bareForward(model.module);
  const ids = [someTokens(tokens)];
  const array = model.tokens(ids).array;
  const difference = mx.max(mx.abs(mx.subtract(bare(array), model.module.forward(array)))).item();
  line("bare and our logits, largest absolute difference", Number(difference).toExponential(1), "");
  const times = await interleave(
    {
      bare: () => evaluate([bare(array)]),
      untraced: () => evaluate([model.module.forward(array)]),
      traced: async () => {
        await using trace = model.trace(ids);
        trace.output.save();
        trace.saveAll("layers.*", "layers.*.residMid", "embedTokens");
      },
    },
    rounds,
  );
  line(
    "untraced / bare hand-written forward",
    ratio(times.untraced, times.bare).toFixed(3),
    "goal ≤ 1.03",
  );
  line(
    "traced, every residual site saved / untraced",
    ratio(times.traced, times.untraced).toFixed(3),
    "goal ≤ 1.05",
  );
}

function machinery(): void {
  const { emptyTrace, perIntervention } = measureOverhead();
  line("an empty trace of 12 layers, 277 modules, in µs", emptyTrace.toFixed(1), "goal < 40");
  line("one intervention, in µs", perIntervention.toFixed(2), "goal < 10");
}

function memory(): void {
  const plain = measurePeak("plain", 512);
  const saved = measurePeak("saved", 512);
  const value = plain && saved ? (saved / plain).toFixed(3) : "Linux only";
  line("peak memory with one saved site / without tracing, 512 tokens", value, "goal ≤ 1.05");
}

process.stdout.write(
  `GPT-2-small shape, ${tokens} tokens, ${rounds} interleaved rounds, medians; ` +
    `OPENBLAS_CORETYPE=${process.env.OPENBLAS_CORETYPE ?? "(unset)"}\n\n`,
);
await passes();
machinery();
memory();
