/** Builds the library and the command; only the library has declarations. The explorer's page comes along as it was built. */
import { cpSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { packageBuild } from "../../tsup.shared.ts";

const library = ["src/index.ts", "src/errors.ts"];
const explorer = dirname(createRequire(import.meta.url).resolve("@mlxterp/explorer/package.json"));

export default packageBuild({
  entry: [...library, "src/cli/main.ts"],
  typed: library,
  finish: () => cpSync(join(explorer, "dist"), "dist/explorer", { recursive: true }),
});
