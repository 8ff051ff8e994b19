/** What a command works with, made of the streams and options of one invocation. */

import { visibleLine, visibleText } from "@mlxterp/results";
import type { ModelValues } from "./arguments/model-options.js";
import type { OptionTable, OptionValues } from "./arguments/options.js";
import { readPrompt } from "./arguments/prompt.js";
import { openModel } from "./open-model.js";
import { renderBlocks } from "./render/render-blocks.js";
import { guarded } from "./terminal/door.js";
import type { CliIo } from "./terminal/io.js";
import { startProgress } from "./terminal/progress.js";
import { paint, screenOf } from "./terminal/screen.js";
import type { CommandContext } from "./verbs/command.js";

/**
 * @param options of the command line, read
 * @param speaker begins lines on standard error
 */
export function contextOf(
  io: CliIo,
  options: OptionValues<OptionTable>,
  speaker: string,
): CommandContext {
  const screen = screenOf(io);
  const { stderr } = guarded(io);
  const json = options.json === true;
  const send = (text: string) => {
    if (!json) io.stdout.write(text);
  };
  const progress = (label: string) => startProgress(io, label);
  const warn = (text: string) => {
    stderr.write(`${speaker}: ${visibleLine(text)}.\n`);
  };
  const reading = { chat: options.chat === true, warn };
  return {
    signal: io.signal,
    folder: io.folder,
    offline: options.offline === true ? true : undefined,
    environment: io.environment,
    protocol: io.protocol,
    screen,
    json,
    warn,
    progress,
    write: (text, style) =>
      send(style ? paint(screen, style, visibleText(text)) : visibleText(text)),
    print: (...blocks) => send(`${renderBlocks(blocks, screen)}\n`),
    loadModel: (source, given) =>
      openModel(
        source === undefined ? (options as ModelValues) : { model: source },
        io,
        progress,
        given,
      ),
    promptFor: (model, prompt) => readPrompt(model, prompt, reading),
  };
}
