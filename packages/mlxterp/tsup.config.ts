/** Builds the library and the command; only the library has declarations. */
import { declarations, packageBuild } from "../../tsup.shared.ts";

const library = ["src/index.ts", "src/errors.ts"];

export default packageBuild({
  entry: [...library, "src/cli/main.ts"],
  dts: { ...declarations, entry: library },
});
