/** Builds the server, the client for browsers and the agent tools, each an entry of its own. */
import { packageBuild } from "../../tsup.shared.ts";

export default packageBuild({
  entry: { index: "src/index.ts", client: "src/client/index.ts", agent: "src/agent/index.ts" },
});
