/** The folder an example runs in: empty but for the files that examples read. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../workspace.js";

const torchFile = join(root, "packages/mlx/references/torch-files/nested.pt");
const stories = ["Mary and John went to the park .", "the capital of France is Paris ."];

/** Runs something in a folder of its own, which disappears with it. */
export async function inOwnFolder(run: () => Promise<void>): Promise<void> {
  const before = process.cwd();
  const folder = mkdtempSync(join(tmpdir(), "mlxterp-example-"));
  writeFileSync(join(folder, "stories.txt"), `${stories.join("\n")}\n`);
  const lines = stories.map((text) => `${JSON.stringify({ text })}\n`);
  writeFileSync(join(folder, "pile.jsonl"), lines.join(""));
  copyFileSync(torchFile, join(folder, "weights.pt"));
  process.chdir(folder);
  try {
    await run();
  } finally {
    process.chdir(before);
    rmSync(folder, { recursive: true, force: true });
  }
}
