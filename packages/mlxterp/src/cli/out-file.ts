/** The file that `--out` names: what is written into it by its ending, never over another unasked, all of it or nothing. */
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { link, rename, rm, writeFile } from "node:fs/promises";
import { dirname, extname, resolve } from "node:path";
import { csvOf } from "../report/csv-of.js";
import { OutFileError, UsageError } from "./arguments/failure.js";
import { renderBlocks } from "./render/render-blocks.js";
import { toJson } from "./to-json.js";
import type { Outcome } from "./verbs/command.js";

/** The columns of a text file. */
const textWidth = 100;

/** How a file is written, besides what is in it. */
interface Writing {
  /** Whether a file of that name may go; else one that has come meanwhile stays. */
  readonly replace: boolean;
  /** Words of `--look`. */
  readonly look: readonly string[];
  readonly command: string;
}

type Writer = (outcome: Outcome, writing: Writing) => Written | Promise<Written>;
type Written = string | Uint8Array;

const writers: Readonly<Record<string, Writer>> = {
  ".html": htmlPage,
  ".htm": htmlPage,
  ".svg": svgSheet,
  ".png": pngSheet,
  ".json": ({ data }) => `${toJson(data)}\n`,
  ".csv": ({ data, report }) => csvOf(data, report.blocks),
  ".txt": ({ report: { title, blocks } }) =>
    `${title}\n\n${renderBlocks(blocks, { width: textWidth, color: false })}`,
};

async function htmlPage({ report }: Outcome, { command }: Writing): Promise<string> {
  return (await import("../report/page.js")).reportPage({ ...report, command });
}

async function svgSheet({ report }: Outcome, { look, command }: Writing): Promise<string> {
  return (await import("../report/picture.js")).reportPicture({ ...report, command }, look);
}

async function pngSheet(outcome: Outcome, writing: Writing): Promise<Uint8Array> {
  const { pngOf } = await import("../report/picture.js");
  return pngOf(await svgSheet(outcome, writing), writing.look);
}

/**
 * Told before the work is done, not after.
 *
 * @throws UsageError when nothing could be written there, or something else is there
 */
export function checkOutFile(out: string, folder: string, force: boolean): void {
  if (out.includes("\0"))
    throw new UsageError(`--out ${out} has a character that no file name has.`);
  const file = resolve(folder, out);
  if (!Object.hasOwn(writers, extname(file).toLowerCase()) && !existsSync(file)) {
    throw new UsageError(`--out ${out} ${endings}`);
  }
  if (existsSync(file)) checkReplaceable(file, out, force);
  if (isWritableFolder(dirname(file))) return;
  throw new UsageError(`--out ${out}: ${dirname(file)} is not a folder one can write in.`);
}

function isWritableFolder(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

const endings = `does not say what to write: end it in ${Object.keys(writers).join(", ")}.`;

function checkReplaceable(file: string, out: string, force: boolean): void {
  if (statSync(file).isDirectory()) {
    throw new UsageError(`--out ${out} is a folder; name a file such as ${out}/report.html.`);
  }
  if (!force) throw new UsageError(`--out ${out} exists already; --force replaces it.`);
  if (!Object.hasOwn(writers, extname(file).toLowerCase())) {
    throw new UsageError(`--out ${out} ${endings}`);
  }
}

/**
 * Writes a whole file or none: nobody ever sees half of it.
 *
 * @throws UsageError when there is one; OutFileError when the system does not let it be written
 */
export async function writeOutFile(file: string, outcome: Outcome, writing: Writing) {
  const content = await writers[extname(file).toLowerCase()](outcome, writing);
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, content, { flag: "wx" });
    if (writing.replace) await rename(temporary, file);
    else await publish(temporary, file);
  } catch (cause) {
    const { syscall, message } = cause as NodeJS.ErrnoException;
    if (syscall === undefined) throw cause;
    const reason = message.replace(/, \w+( '.*)?$/s, ""); // without the call and the temporary name
    throw new OutFileError(`${file} could not be written (${reason}). Name another place with --out.`, { cause }); // biome-ignore format: one line
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined); // what is thrown above says more
  }
}

/** A link fails where the name is taken, which a rename does not. */
async function publish(temporary: string, file: string): Promise<void> {
  try {
    await link(temporary, file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") throw new UsageError(`${file} exists already; --force replaces it.`);
    if (existsSync(file)) throw error;
    await rename(temporary, file); // a file system without links
  }
}
