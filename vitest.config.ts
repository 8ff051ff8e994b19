/**
 * Test settings for the whole workspace. A few processes take one file after the other, so that the sources and the binding
 * are loaded a few times and not once per file, which costs more than most files do. Nothing of a file is to be seen in the
 * next: what it changes of the process it changes back. Where that is not enough, since the file counts what its process
 * holds or measures the memory of others, its name ends in `.alone.test.ts` and it has a process of its own; those come
 * first, so that the longest do not run while the other processor has nothing left to do. Where MLX aborts a process,
 * the file it was at fails, and another process goes on with the next.
 */
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { moduleCache } from "./scripts/lib/module-cache.mjs";

/** What every kind of result goes through, once more with the names and the strictness of the newer binding. */
const onStandIn = [
  "packages/mlx/src/{names,top-k,host,exact-array}.test.ts",
  "packages/core/src/gradients/gradients.test.ts",
  "packages/core/test/interventions.test.ts",
  "packages/models/src/decoder/model/decoder.test.ts",
  "packages/models/src/decoder/experts/*.test.ts",
  "packages/models/src/checkpoint/quantization/quantized-experts.test.ts",
  "packages/models/src/generation/generate.test.ts",
  "packages/analysis/src/logit-lens/logit-lens.test.ts",
];

/**
 * What large results cost is mostly pages that the system hands out and takes back: as the command does, this keeps them in
 * the process (on Linux; elsewhere nothing reads it). And files at a time are as many as there are processors, so that
 * products need no threads of their own. Files that measure memory run without it.
 */
const ofLibrary = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_MMAP_THRESHOLD_: "33554432",
  MALLOC_TRIM_THRESHOLD_: "268435456",
  OPENBLAS_NUM_THREADS: "1",
};

const alone = "alone";
const standIn = "on a stand-in of the newer binding";

/** Files that take ten seconds or more where sweeps go over all, most of them longer than their size tells: none of them is to be the last. */
const long = [
  "tests/examples.test.ts",
  "testing/gallery/components.test.ts",
  "apps/explorer/test/page.test.ts",
  "tests/consumer.test.ts",
  "families/cached.test.ts",
  "edge-attribution/edge-attribution.test.ts",
  "src/rooms.test.ts",
  "families/invariants.test.ts",
  "families/gradients.test.ts",
  "src/cli/main.test.ts",
  "tests/example-files.test.ts",
  "generation/rollout.test.ts",
  "interchange/das.test.ts",
  "attribution-patching/attribution-patching.test.ts",
  "tokenizer/chat.test.ts",
  "generation/generate-batch.test.ts",
  "families/ragged.test.ts",
  "families/reference.test.ts",
  "testing/planted.test.ts",
  "generation/prefix.test.ts",
  "families/folded.test.ts",
  "activation-patching/activation-patching.test.ts",
  "src/cli/run-cli.test.ts",
];

/** Where a file stands in the order; the smaller, the earlier. */
function rankOf({ project, moduleId }: TestSpecification): number {
  if (project.name === alone) return 0;
  if (project.name === standIn) return 1; // small, in processes of their own, which would have to start at the end
  const place = long.findIndex((name) => moduleId.endsWith(name));
  return place < 0 ? 2 + long.length : 2 + place;
}

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files); // by what they took the last time, or by their size
    return sorted.sort((one, other) => rankOf(one) - rankOf(other));
  }
}

/** Tests beside the sources, of a whole package, and of the workspace. */
function everywhere(names: string): string[] {
  return [`{packages,apps}/*/{src,test}/**/${names}`, `tests/**/${names}`];
}

/**
 * One more than there are processors: files wait for browsers, for programs that they start, and for servers that answer
 * late, a tenth of the time in all.
 */
const processes = Math.min(3, availableParallelism() + 1);

/**
 * Passes collect what is young, each time little; helpers take longer to be woken than to help, all the more since other
 * files are at work.
 */
const engine = ["--expose-gc", "--no-parallel-scavenge"];

export default defineConfig({
  resolve: { conditions: ["@mlxterp/source"] },
  ssr: { resolve: { conditions: ["@mlxterp/source"], externalConditions: ["@mlxterp/source"] } },
  test: {
    // by its text and the settings: the one process that transforms would keep the others waiting
    experimental: { fsModuleCache: true, fsModuleCachePath: moduleCache() },
    pool: "forks",
    maxWorkers: processes,
    testTimeout: 60_000,
    execArgv: engine,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: { name: alone, include: everywhere("*.alone.test.ts") },
      },
      {
        extends: true,
        test: {
          name: "library",
          include: everywhere("*.test.ts"),
          exclude: ["**/*.alone.test.ts", "**/node_modules/**"],
          isolate: false,
          env: ofLibrary,
        },
      },
      {
        extends: true,
        test: {
          name: standIn,
          include: onStandIn,
          isolate: false,
          env: ofLibrary,
          setupFiles: ["packages/mlx/src/testing/stand-in.ts"],
        },
      },
    ],
  },
});
