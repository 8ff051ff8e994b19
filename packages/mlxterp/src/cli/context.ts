/** What a command works with, made of the streams and options of one invocation. */

import { visibleLine, visibleText } from "@mlxterp/results";
import type { CommandContext } from "./command.js";
import { guarded } from "./door.js";
import type { CliIo } from "./io.js";
import type { ModelValues } from "./model-options.js";
import { openModel } from "./open-model.js";
import type { OptionTable, OptionValues } from "./options.js";
import { startProgress } from "./progress.js";
import { readPrompt } from "./prompt.js";
import { renderBlocks } from "./render/render-blocks.js";
import { paint, screenOf } from "./screen.js";

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
    screen,
    json,
    warn,
    progress,
    write: (text, style) =>
      send(style ? paint(screen, style, visibleText(text)) : visibleText(text)),
    print: (...blocks) => send(`${renderBlocks(blocks, screen)}\n`),
    loadModel: (source) =>
      openModel(source === undefined ? (options as ModelValues) : { model: source }, io, progress),
    promptFor: (model, prompt) => readPrompt(model, prompt, reading),
  };
}
