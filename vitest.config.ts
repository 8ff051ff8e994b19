/**
 * Test settings for the whole workspace. Two processes take one file after the other, so that the sources and the binding
 * are loaded twice and not once per file, which costs more than most files do. Nothing of a file is to be seen in the
 * next: what it changes of the process it changes back. Where that is not enough, since the file counts what its process
 * holds (memory, handles of MLX), its name ends in `.alone.test.ts` and it has a process of its own. Where MLX aborts a
 * process, the file it was at fails, and another process goes on with the next.
 */
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

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

/** Tests beside the sources, of a whole package, and of the workspace. */
function everywhere(names: string): string[] {
  return [`{packages,apps}/*/{src,test}/**/${names}`, `tests/**/${names}`];
}

export default defineConfig({
  resolve: { conditions: ["@mlxterp/source"] },
  ssr: { resolve: { conditions: ["@mlxterp/source"], externalConditions: ["@mlxterp/source"] } },
  test: {
    pool: "forks",
    maxWorkers: Math.min(2, availableParallelism()),
    testTimeout: 60_000,
    execArgv: ["--expose-gc"],
    projects: [
      {
        extends: true,
        test: { name: "alone", include: everywhere("*.alone.test.ts") },
      },
      {
        extends: true,
        test: {
          name: "library",
          include: everywhere("*.test.ts"),
          exclude: ["**/*.alone.test.ts", "**/node_modules/**"],
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: "on a stand-in of the newer binding",
          include: onStandIn,
          isolate: false,
          setupFiles: ["packages/mlx/src/testing/stand-in.ts"],
        },
      },
    ],
  },
});
