/** The version of this package, and so of all: they are published together. */
import { createRequire } from "node:module";

let version: string | undefined;

export function serverVersion(): string {
  version ??= (createRequire(import.meta.url)("../package.json") as { version: string }).version;
  return version;
}
