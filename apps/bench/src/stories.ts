/** A small trained model beside the repository, where a checkout has one. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const shared =
  process.env.MLXTERP_SHARED ?? fileURLToPath(new URL("../../../../shared", import.meta.url));
const folder = join(shared, "data/models/stories15M");

export const stories = { folder, available: existsSync(folder) };
