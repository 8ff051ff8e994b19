/** Builds the library and the command; only the library has declarations. */
import { packageBuild } from "../../tsup.shared.ts";

const library = ["src/index.ts", "src/errors.ts"];

export default packageBuild({ entry: [...library, "src/cli/main.ts"], typed: library });
