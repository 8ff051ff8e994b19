/** Builds the library and the command; only the library has declarations. */
import { declarations, packageBuild } from "../../tsup.shared.ts";

export default packageBuild({
  entry: ["src/index.ts", "src/cli/main.ts"],
  dts: { ...declarations, entry: "src/index.ts" },
});
