import { packageBuild } from "../../tsup.shared.ts";

export default packageBuild({
  entry: {
    index: "src/index.ts",
    interactive: "src/interactive/index.ts",
    png: "src/png/index.ts",
  },
  external: ["@resvg/resvg-js"], // optional, and native: it stays what it is
});
