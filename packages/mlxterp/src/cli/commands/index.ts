/** All commands, in the order help shows them: those of the program, and one for each method. */
import { methods as analyses } from "@mlxterp/analysis/methods";
import { dictionaryMethods } from "@mlxterp/dictionaries/methods";
import type { Method } from "@mlxterp/results";
import { UsageError } from "../arguments/failure.js";
import type { Command } from "../verbs/command.js";
import { commandOf } from "../verbs/method-command.js";
import { demo } from "./demo.js";
import { exploreCommand } from "./explore.js";
import { generate } from "./generate.js";
import { mcpCommand } from "./mcp.js";
import { rerunCommand } from "./rerun.js";
import { serveCommand } from "./serve.js";
import { sites } from "./sites.js";
import { trace } from "./trace.js";
import { verify } from "./verify.js";

const methods: readonly Method[] = [...analyses, ...dictionaryMethods];

/**
 * The commands with those of the user's own methods.
 *
 * @throws UsageError for a name that is taken
 */
export function commandsWith(own: readonly Method[]): readonly Command[] {
  const all = [
    demo,
    trace,
    ...methods.map(commandOf),
    generate,
    rerunCommand([...methods, ...own]),
    verify,
    sites,
    serveCommand(own),
    mcpCommand(own),
    exploreCommand(own),
    ...own.map(commandOf),
  ];
  const names = all.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice === undefined) return all;
  throw new UsageError(`--methods: the name "${twice}" is taken; choose another for your method.`);
}

export const commands: readonly Command[] = commandsWith([]);
