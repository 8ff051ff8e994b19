/** Help texts, written from the same tables that arguments are read by. */

import { exitCodes } from "./arguments/failure.js";
import type { OptionTable } from "./arguments/options.js";
import { environmentVariables } from "./environment-help.js";
import { paint, type Screen } from "./terminal/screen.js";
import { displayWidth, wrap } from "./terminal/text.js";
import type { Command } from "./verbs/command.js";

/** What a row of a help text says: a term and its meaning. */
type Entry = readonly [term: string, meaning: string];

function listed(entries: readonly Entry[], screen: Screen): string {
  const longest = Math.max(...entries.map(([term]) => displayWidth(term)));
  const column = Math.min(longest, Math.floor(screen.width / 4)) + 4;
  return entries
    .map(([term, meaning]) => {
      const start = breakTerm(`  ${term}`, screen.width).padEnd(column);
      // A long term pushes its meaning to the next line.
      const joint = displayWidth(start) > column - 1 && !start.endsWith(" ") ? "\n".padEnd(column + 1) : ""; // biome-ignore format: one choice
      const body = wrap(meaning, screen.width - column).replaceAll("\n", "\n".padEnd(column + 1));
      return start + joint + body;
    })
    .join("\n");
}

/** Choices of a term that is wider than the screen go on in further lines, after a `|`. */
function breakTerm(term: string, width: number): string {
  const lines = [""];
  for (const part of term.split(/(?<=\|)/)) {
    if (displayWidth(lines.at(-1) + part) > width) lines.push("    ");
    lines[lines.length - 1] += part;
  }
  return lines.join("\n");
}

const exitEntries: readonly Entry[] = [
  [`${exitCodes.success}`, "done"],
  [`${exitCodes.failure}`, "failed: no such model, no connection, an invariant that does not hold"],
  [`${exitCodes.usage}`, "wrong arguments, or arguments that do not fit the model"],
  [`${exitCodes.interrupted}`, "interrupted"],
];

/** Help on the whole command. */
export function generalHelp(commands: readonly Command[], screen: Screen): string {
  const title = (text: string) => paint(screen, "bold", text);
  const entries = commands.map(({ name, summary }): Entry => [name, summary]);
  return [
    wrap("mlxterp: take language models apart, on MLX.", screen.width),
    "",
    `${title("Usage")}\n  mlxterp <command> [options]`,
    "",
    title("Commands"),
    listed(entries, screen),
    "",
    wrap(
      "mlxterp help <command> (or <command> -h) shows a command's options; --version (-v) the version.",
      screen.width,
    ),
    "",
    title("Prompts"),
    wrap("A prompt is given in quotes, as - for standard input, or through a pipe.", screen.width),
    "",
    title("Your own methods"),
    wrap(
      "mlxterp --methods <file> <command> adds the methods that a file defines with defineMethod, as commands.",
      screen.width,
    ),
    "",
    title("Environment"),
    listed(environmentVariables, screen),
    "",
    title("Exit codes"),
    listed(exitEntries, screen),
    "",
  ].join("\n");
}

/** Help on one command. */
export function commandHelp(command: Command, screen: Screen): string {
  const title = (text: string) => paint(screen, "bold", text);
  const word = command.word ? ` <${command.word}>` : command.takesPrompt ? " [prompt | -]" : "";
  return [
    wrap(`${command.summary}.`, screen.width),
    "",
    `${title("Usage")}\n  mlxterp ${command.name}${word} [options]`,
    "",
    title("Options"),
    listed(optionEntries(command.options), screen),
    "",
    title("Examples"),
    ...command.examples.map((example) => `  mlxterp ${command.name} ${example}`.trimEnd()),
    "",
  ].join("\n");
}

function optionEntries(options: OptionTable): Entry[] {
  return Object.entries(options).map(([name, { placeholder, description, repeatable }]) => [
    placeholder === undefined ? `--${name}` : `--${name} <${placeholder}>`,
    repeatable ? `${description}; repeatable` : description,
  ]);
}
