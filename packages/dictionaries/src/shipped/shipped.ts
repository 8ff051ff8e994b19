/** The small dictionaries that ship with the package, for the model `tiny`. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder behind the name `tiny`; any other path is itself. */
export function shippedFolder(
  kind: "dictionary" | "transcoders" | "crosscoder",
  path: string,
): string {
  return path === "tiny" ? join(dataFolder(), `tiny-${kind}`) : path;
}

/** The same distance from the sources as from the build, or nearly. */
function dataFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let up = 0; up < 4; up++) {
    if (existsSync(join(folder, "data"))) return join(folder, "data");
    folder = dirname(folder);
  }
  return join(folder, "data");
}
