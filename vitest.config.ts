/** Test settings for the whole workspace: one process per file, since MLX may abort its process. */
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["@mlxterp/source"] },
  ssr: { resolve: { conditions: ["@mlxterp/source"], externalConditions: ["@mlxterp/source"] } },
  test: {
    include: ["{packages,apps}/*/{src,test}/**/*.test.ts", "tests/**/*.test.ts"],
    pool: "forks",
    maxWorkers: Math.min(2, availableParallelism()),
    testTimeout: 60_000,
    execArgv: ["--expose-gc"],
  },
});
