import { packageBuild } from "../../tsup.shared.ts";

export default packageBuild({
  entry: {
    index: "src/index.ts",
    interactive: "src/interactive/index.ts",
    png: "src/png/index.ts",
  },
});
