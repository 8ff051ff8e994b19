/** The reference checkpoints in the package itself. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const parent = fileURLToPath(new URL("../../references", import.meta.url));

export const miniatureNames: readonly string[] = readdirSync(parent, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

export function miniatureFolder(name: string): string {
  return join(parent, name);
}
