/** One invocation of the command, from arguments to exit code. */
import { nearest, parseArguments } from "./arguments.js";
import { renderBlocks } from "./blocks.js";
import type { Command, CommandContext } from "./command.js";
import { commands } from "./commands/index.js";
import { exitCodeOf, exitCodes, inFull, oneLine, UsageError } from "./failure.js";
import { commandHelp, generalHelp } from "./help.js";
import type { CliIo } from "./io.js";
import { openModel } from "./open-model.js";
import { checkReportPath, finish } from "./output.js";
import { startProgress } from "./progress.js";
import { screenOf } from "./screen.js";

/**
 * Runs the command line.
 *
 * @param argv arguments after the program's name
 * @returns the exit code: 0, 1 for a failure, 2 for wrong arguments, 130 when interrupted
 */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  const name = argv[0]?.startsWith("-") ? undefined : argv[0];
  try {
    return await dispatch(name, argv, io);
  } catch (error) {
    const code = exitCodeOf(error, io.signal.aborted);
    const where = name && commands.some((command) => command.name === name) ? ` ${name}` : "";
    const message = code === exitCodes.interrupted ? "interrupted" : oneLine(error);
    io.stderr.write(`mlxterp${where}: ${message}\n`);
    if (argv.includes("--debug") && code !== exitCodes.interrupted) {
      io.stderr.write(`${inFull(error)}\n`);
    }
    return code;
  }
}

async function dispatch(
  name: string | undefined,
  argv: readonly string[],
  io: CliIo,
): Promise<number> {
  const options = argv.slice(0, argv.includes("--") ? argv.indexOf("--") : argv.length);
  if (name === undefined && options.includes("--version")) {
    io.stdout.write(`${io.version}\n`);
    return exitCodes.success;
  }
  const wantsHelp = options.includes("--help") || options.includes("-h");
  if (name === undefined || name === "help") {
    if (name === "help" || wantsHelp) {
      io.stdout.write(generalHelp(commands, screenOf(io)));
      return exitCodes.success;
    }
    throw new UsageError(
      argv.length > 0
        ? `There is no option ${argv[0]} before a command. See mlxterp --help.`
        : `Name a command: ${commands.map((command) => command.name).join(", ")}. See mlxterp --help.`,
    );
  }
  const command = findCommand(name);
  if (wantsHelp) {
    io.stdout.write(commandHelp(command, screenOf(io)));
    return exitCodes.success;
  }
  return runCommand(command, argv.slice(1), io);
}

function findCommand(name: string): Command {
  const found = commands.find((command) => command.name === name);
  if (found) return found;
  const known = commands.map((command) => command.name);
  throw new UsageError(
    `There is no command "${name}".${nearest(name, known)} Commands: ${known.join(", ")}.`,
  );
}

async function runCommand(command: Command, argv: readonly string[], io: CliIo): Promise<number> {
  const { options, words } = parseArguments(argv, command.options);
  const allowed = command.takesPrompt ? 1 : 0;
  if (words.length > allowed) {
    const quote = command.takesPrompt ? " Put the prompt in quotes." : "";
    throw new UsageError(`"${words[allowed]}" is one argument too many.${quote}`);
  }
  const settings = { json: options.json === true, out: options.out as string | undefined };
  if (settings.out !== undefined) checkReportPath(settings.out, io.folder);
  const context = contextOf(io, settings.json);
  const outcome = await command.run({ options, prompt: words[0] }, context);
  io.signal.throwIfAborted();
  await finish(outcome, settings, io, context.screen);
  return outcome.failed ? exitCodes.failure : exitCodes.success;
}

function contextOf(io: CliIo, json: boolean): CommandContext {
  const screen = screenOf(io);
  const write = (text: string) => {
    if (!json) io.stdout.write(text);
  };
  const progress = (label: string) => startProgress(io, label);
  return {
    signal: io.signal,
    screen,
    json,
    write,
    progress,
    print: (...blocks) => write(`${renderBlocks(blocks, screen)}\n`),
    loadModel: (source) => openModel(source, io, progress),
  };
}
