/** Progress on standard error: a bar while that is a terminal, otherwise nothing. */
import { SingleBar } from "cli-progress";
import type { CliIo } from "./io.js";

/** Progress of one piece of work. */
export interface Progress {
  update(progress: { readonly done: number; readonly total: number }): void;
  /** Removes the bar. */
  stop(): void;
}

const silent: Progress = { update: () => undefined, stop: () => undefined };

/** Whether a stream is one that bars can be drawn on. */
function isTerminal(stream: CliIo["stderr"]): stream is NodeJS.WriteStream {
  return stream.isTTY === true;
}

/** A bar that appears with the first update. */
export function startProgress({ stderr }: CliIo, label: string): Progress {
  if (!isTerminal(stderr)) return silent;
  const bar = new SingleBar({
    format: `${label} {bar} {value}/{total}`,
    stream: stderr,
    clearOnComplete: true,
    hideCursor: true,
    linewrap: false,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 30,
  });
  let started = false;
  return {
    update: ({ done, total }) => {
      if (!started) bar.start(total, done);
      else bar.update(done);
      started = true;
    },
    stop: () => {
      if (started) bar.stop();
    },
  };
}
