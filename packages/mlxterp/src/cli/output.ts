/** The end of a command: data or tables on standard output, and a file where one is wanted. */
import { resolve } from "node:path";
import { visibleLine } from "@mlxterp/results";
import { writeOutFile } from "./out-file.js";
import { renderBlocks } from "./render/render-blocks.js";
import type { CliIo } from "./terminal/io.js";
import type { Screen } from "./terminal/screen.js";
import { toJson } from "./to-json.js";
import type { Outcome } from "./verbs/command.js";

export interface OutputSettings {
  readonly json: boolean;
  /** Where the file goes, as given. */
  readonly out: string | undefined;
  /** Whether a file of that name may be replaced. */
  readonly force: boolean;
  /** Of pictures. */
  readonly look: readonly string[];
  /** The command line, for reports. */
  readonly command: string;
}

/** Prints what a command found and writes its file. */
export async function finish(
  outcome: Outcome,
  { json, out = outcome.defaultReport, force, look, command }: OutputSettings,
  io: CliIo,
  screen: Screen,
): Promise<void> {
  if (json) io.stdout.write(`${toJson(outcome.data)}\n`);
  else io.stdout.write(renderBlocks(outcome.blocks, screen));
  if (out === undefined) return;
  const file = resolve(io.folder, out);
  // A report that has a name of its own is renewed by every run.
  await writeOutFile(file, outcome, {
    replace: force || out === outcome.defaultReport,
    look,
    command,
  });
  // A path is never broken: it may be wider than the screen.
  const what = /\.html?$/i.test(file) ? "Report" : "Written";
  const line = `${what}: ${visibleLine(file)}\n`;
  if (!json) io.stdout.write(`${outcome.blocks.length > 0 ? "\n" : ""}${line}`);
}
