/** All commands, in the order help shows them. */
import type { Command } from "../command.js";
import { attention } from "./attention.js";
import { demo } from "./demo.js";
import { generate } from "./generate.js";
import { lens } from "./lens.js";
import { patch } from "./patch.js";
import { sites } from "./sites.js";
import { trace } from "./trace.js";
import { verify } from "./verify.js";

export const commands: readonly Command[] = [
  demo,
  trace,
  lens,
  attention,
  patch,
  generate,
  verify,
  sites,
];
