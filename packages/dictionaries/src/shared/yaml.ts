/** YAML's reader and writer, from the first file on that needs them: most programs never load their seventy modules. */
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

export const yaml = (): typeof import("yaml") => require("yaml");
