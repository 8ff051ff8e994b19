/** The end of a command: data or tables on standard output, and the report where one is wanted. */
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { renderBlocks } from "./blocks.js";
import type { Outcome } from "./command.js";
import { UsageError } from "./failure.js";
import type { CliIo } from "./io.js";
import type { Screen } from "./screen.js";

export interface OutputSettings {
  readonly json: boolean;
  /** Where the report goes, as given. */
  readonly out: string | undefined;
}

/** Prints what a command found and writes its report. */
export async function finish(
  outcome: Outcome,
  { json, out = outcome.defaultReport }: OutputSettings,
  io: CliIo,
  screen: Screen,
): Promise<void> {
  if (json) io.stdout.write(`${toJson(outcome.data)}\n`);
  else io.stdout.write(renderBlocks(outcome.blocks, screen));
  if (out === undefined) return;
  const file = resolve(io.folder, out);
  await writeReport(file, outcome);
  // A path is never broken: it may be wider than the screen.
  if (!json) io.stdout.write(`${outcome.blocks.length > 0 ? "\n" : ""}Report: ${file}\n`);
}

/** Typed arrays become lists; numbers that JSON has no form for become texts rather than null. */
function toJson(data: unknown): string {
  return JSON.stringify(
    data,
    (_key, value: unknown) => {
      if (ArrayBuffer.isView(value)) return Array.from(value as unknown as Iterable<number>);
      return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
    },
    2,
  );
}

/** @throws UsageError when a report could not be written there; told before the work is done, not after */
export function checkReportPath(out: string, folder: string): void {
  const file = resolve(folder, out);
  if (existsSync(file) && statSync(file).isDirectory()) {
    throw new UsageError(`--out ${out} is a folder; name a file such as ${out}/report.html.`);
  }
  try {
    accessSync(dirname(file), constants.W_OK);
  } catch (cause) {
    throw new UsageError(`--out ${out}: ${dirname(file)} is not a folder one can write in.`, {
      cause,
    });
  }
}

/** Writes a whole file or none: nobody ever sees half of a report. */
async function writeReport(file: string, { report }: Outcome): Promise<void> {
  const { reportPage } = await import("../report/page.js");
  const html = await reportPage(report);
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, html);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
