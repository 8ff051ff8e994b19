/** Progress on standard error: a bar on a terminal, a line now and then where long work is written to a file. */

import { visibleLine } from "@mlxterp/results";
import { SingleBar } from "cli-progress";
import type { CliIo } from "./io.js";

export interface ProgressUpdate {
  readonly done: number;
  readonly total: number;
  /** What is counted. Default: pieces of work. */
  readonly unit?: "bytes";
  /** What is being worked on, such as a file. */
  readonly part?: string;
}

/** Progress of one piece of work. */
export interface Progress {
  update(progress: ProgressUpdate): void;
  /** Removes the bar. */
  stop(): void;
}

/** Work that is done sooner needs no lines in a file. */
const silence = 5000;

/** Whether a stream is one that bars can be drawn on. */
function isTerminal(stream: CliIo["stderr"]): stream is NodeJS.WriteStream {
  return stream.isTTY === true;
}

/** Says at once what is begun; the bar appears with the first update. */
export function startProgress({ stderr }: CliIo, label: string): Progress {
  const name = visibleLine(label);
  return isTerminal(stderr) ? barOn(stderr, name) : linesOn(stderr, name);
}

const eraseLine = "\r\u001B[K";

function barOn(stderr: NodeJS.WriteStream, label: string): Progress {
  stderr.write(`${label} …`.slice(0, Math.max(1, (stderr.columns ?? 80) - 1)));
  let bar: SingleBar | undefined;
  let name = "";
  return {
    update: (progress) => {
      if (bar && name !== labelOf(label, progress)) {
        bar.stop();
        bar = undefined;
      }
      if (!bar) {
        stderr.write(eraseLine);
        name = labelOf(label, progress);
        bar = newBar(stderr, name, progress.unit);
        bar.start(progress.total, progress.done);
      } else bar.update(progress.done);
    },
    stop: () => {
      bar?.stop();
      stderr.write(eraseLine);
    },
  };
}

function newBar(stream: NodeJS.WriteStream, name: string, unit: ProgressUpdate["unit"]): SingleBar {
  return new SingleBar({
    format: `${name} {bar} {value}/{total}`,
    formatValue: (value, _options, type) =>
      unit === "bytes" && type !== "percentage" ? megabytes(value) : `${value}`,
    stream,
    clearOnComplete: true,
    hideCursor: true,
    linewrap: false,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: (stream.columns ?? 80) < 60 ? 10 : 30,
  });
}

function linesOn(stderr: CliIo["stderr"], label: string): Progress {
  let next = performance.now() + silence;
  return {
    update: (progress) => {
      const { done, total, unit } = progress;
      if (performance.now() < next || total === 0) return;
      next = performance.now() + 2 * silence;
      const [of, all] = [done, total].map((count) => (unit ? megabytes(count) : `${count}`));
      stderr.write(`${labelOf(label, progress)}: ${of} of ${all}\n`);
    },
    stop: () => undefined,
  };
}

function labelOf(label: string, { part }: ProgressUpdate): string {
  return part === undefined ? label : `${label}: ${visibleLine(part)}`;
}

function megabytes(count: number): string {
  return `${(count / 1e6).toFixed(count < 1e7 ? 1 : 0)} MB`;
}
