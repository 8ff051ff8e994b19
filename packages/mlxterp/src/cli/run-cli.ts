/** One invocation of the command, from arguments to exit code. */
import { nearest, parseArguments } from "./arguments/arguments.js";
import { exitCodeOf, exitCodes, inFull, oneLine, UsageError } from "./arguments/failure.js";
import type { OptionValues } from "./arguments/options.js";
import { readStandardInput } from "./arguments/standard-input.js";
import { commandsWith } from "./commands/index.js";
import { contextOf } from "./context.js";
import { commandHelp, generalHelp } from "./help.js";
import { checkOutFile } from "./out-file.js";
import { finish } from "./output.js";
import { guarded } from "./terminal/door.js";
import type { CliIo } from "./terminal/io.js";
import { screenOf } from "./terminal/screen.js";
import { takeMethods } from "./user-methods.js";
import type { Command } from "./verbs/command.js";

/**
 * Runs the command line.
 *
 * @param argv arguments after the program's name
 * @returns the exit code: 0, 1 for a failure, 2 for wrong arguments, 130 when interrupted
 */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  const { stdout, stderr } = guarded(io);
  const invocation: Invocation = { commands: commandsWith([]), name: undefined, argv };
  try {
    const { methods, argv: rest } = await takeMethods(argv, io.folder);
    if (methods.length > 0) invocation.commands = commandsWith(methods);
    invocation.argv = rest;
    invocation.name = rest[0]?.startsWith("-") ? undefined : rest[0];
    return await dispatch(invocation, { ...io, stdout });
  } catch (error) {
    const code = exitCodeOf(error, io.signal.aborted);
    const message = code === exitCodes.interrupted ? "interrupted" : oneLine(error);
    stderr.write(`${speaker(invocation)}: ${message}\n`);
    if (argv.includes("--debug") && code !== exitCodes.interrupted) {
      stderr.write(`${inFull(error)}\n`);
    }
    return code;
  }
}

interface Invocation {
  commands: readonly Command[];
  /** The command's, where one is named. */
  name: string | undefined;
  /** From the command's name on. */
  argv: readonly string[];
}

/** Who speaks on standard error. */
function speaker({ commands, name }: Pick<Invocation, "commands" | "name">): string {
  return commands.some((command) => command.name === name) ? `mlxterp ${name}` : "mlxterp";
}

async function dispatch({ commands, name, argv }: Invocation, io: CliIo): Promise<number> {
  const options = argv.slice(0, argv.includes("--") ? argv.indexOf("--") : argv.length);
  const asks = (...flags: string[]) => flags.some((flag) => options.includes(flag));
  if (name === undefined && asks("--version", "-v")) {
    io.stdout.write(`${io.version}\n`);
    return exitCodes.success;
  }
  if (name === "help" || (name === undefined && asks("--help", "-h"))) {
    return help(commands, name === "help" ? argv.slice(1) : [], io);
  }
  if (name === undefined) {
    throw new UsageError(
      argv.length > 0
        ? `There is no option ${argv[0]} before a command. See mlxterp --help.`
        : `Name a command: ${commands.map((command) => command.name).join(", ")}. See mlxterp --help.`,
    );
  }
  const command = findCommand(commands, name);
  if (asks("--help", "-h")) return help(commands, [name], io);
  return runCommand(command, argv.slice(1), io, speaker({ commands, name }));
}

/** @param about a command's name, or nothing for all of them */
function help(commands: readonly Command[], about: readonly string[], io: CliIo): number {
  const [name, ...rest] = about.filter((word) => !["--help", "-h"].includes(word));
  if (rest.length > 0) throw new UsageError(`help takes one command, not "${rest[0]}" as well.`);
  const screen = screenOf(io);
  io.stdout.write(
    name === undefined || name === "help"
      ? generalHelp(commands, screen)
      : commandHelp(findCommand(commands, name), screen),
  );
  return exitCodes.success;
}

function findCommand(commands: readonly Command[], name: string): Command {
  const found = commands.find((command) => command.name === name);
  if (found) return found;
  const known = commands.map((command) => command.name);
  throw new UsageError(
    `There is no command "${name}".${nearest(name, known)} Commands: ${known.join(", ")}.`,
  );
}

async function runCommand(
  command: Command,
  argv: readonly string[],
  io: CliIo,
  speaks: string,
): Promise<number> {
  const { options, words } = parseArguments(argv, command.options);
  const allowed = command.takesPrompt ? 1 : 0;
  if (words.length > allowed) {
    const quote = command.takesPrompt ? " Put the prompt in quotes." : "";
    throw new UsageError(`"${words[allowed]}" is one argument too many.${quote}`);
  }
  const settings = {
    json: options.json === true,
    out: options.out as string | undefined,
    force: options.force === true,
    look: (options.look ?? []) as readonly string[],
    command: commandLine(command.name, argv),
  };
  if (settings.out !== undefined) checkOutFile(settings.out, io.folder, settings.force);
  const context = contextOf(io, options, speaks);
  const prompt = await promptOf(command, words[0], options, io, context.warn);
  const outcome = await command.run({ options, prompt }, context);
  io.signal.throwIfAborted();
  await finish(outcome, settings, io, context.screen);
  return outcome.failed ? exitCodes.failure : exitCodes.success;
}

/** As it would be typed: what a shell would take apart stands in quotes. */
function commandLine(name: string, argv: readonly string[]): string {
  const quoted = (word: string) => /^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`; // biome-ignore format: one choice
  return ["mlxterp", name, ...argv].map(quoted).join(" ");
}

/** The prompt's word; `-` is what standard input holds, and so is a missing one where text is piped. */
async function promptOf(
  { takesPrompt }: Command,
  word: string | undefined,
  { tokens, chat }: OptionValues<Command["options"]>,
  { stdin, signal }: CliIo,
  warn: (text: string) => void,
): Promise<string | undefined> {
  const missing = takesPrompt === true && word === undefined && tokens === undefined;
  const piped = missing && stdin !== undefined && !stdin.isTTY;
  if (word !== "-" && !piped) {
    if (takesPrompt === "optional" && chat && word === undefined) {
      throw new UsageError("--chat needs a prompt.");
    }
    return word;
  }
  const text = stdin ? await readStandardInput(stdin, { signal, warn }) : "";
  if (text === "" && word === "-") throw new UsageError("Standard input holds no prompt.");
  return text === "" ? undefined : text;
}
