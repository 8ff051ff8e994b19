/** Prints what the library costs, as ratios measured in one run: `main.ts [tokens] [rounds] [measurement…]`. */
import { clockName } from "./clock.js";
import { collecting } from "./collecting.js";
import { decoding } from "./decoding.js";
import { dictionaries } from "./dictionaries.js";
import { discovery } from "./discovery.js";
import { editing } from "./editing.js";
import { endurance } from "./endurance.js";
import { gradients } from "./gradients.js";
import { graphs } from "./graphs.js";
import { growth } from "./growth.js";
import { importing } from "./importing.js";
import { loading } from "./loading.js";
import type { Measurement } from "./measurement.js";
import { methods } from "./methods.js";
import { mixtures } from "./mixtures.js";
import { overhead } from "./overhead.js";
import { passes } from "./passes.js";
import { memory } from "./peak-memory.js";
import { rollouts } from "./rollouts.js";
import { tracing } from "./tracing.js";
import { training } from "./training.js";

const measurements: Readonly<Record<string, Measurement>> = {
  passes,
  overhead,
  tracing,
  gradients,
  memory,
  endurance,
  decoding,
  rollouts,
  loading,
  methods,
  discovery,
  editing,
  dictionaries,
  training,
  graphs,
  collecting,
  mixtures,
  growth,
  importing,
};

const [tokens = "128", rounds = "15", ...names] = process.argv.slice(2);
const settings = { tokens: Number(tokens), rounds: Number(rounds) };

process.stdout.write(
  `GPT-2-small shape, ${tokens} tokens, ${rounds} interleaved rounds, medians of ${clockName}; ` +
    `OPENBLAS_CORETYPE=${process.env.OPENBLAS_CORETYPE ?? "(unset)"}; ` +
    `${process.env.MALLOC_MMAP_THRESHOLD_ ? "pages kept, as by the command" : "the allocator as it is"}\n\n`,
);
for (const [name, measure] of Object.entries(measurements)) {
  if (names.length > 0 && !names.includes(name)) continue;
  for await (const { what, value, goal } of measure(settings)) {
    const aim = goal ? `   goal ${goal}` : "";
    process.stdout.write(`${what.padEnd(76)} ${value.padStart(9)}${aim}\n`);
  }
}
