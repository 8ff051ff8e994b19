/** Test settings for the whole workspace: one process per file, since MLX may abort its process. */
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
        test: {
          name: "library",
          include: ["{packages,apps}/*/{src,test}/**/*.test.ts", "tests/**/*.test.ts"],
        },
      },
      {
        extends: true,
        test: {
          name: "on a stand-in of the newer binding",
          include: onStandIn,
          setupFiles: ["packages/mlx/src/testing/stand-in.ts"],
        },
      },
    ],
  },
});
