/** What the command talks to: two streams and an environment, so that a test can stand in for a terminal. */
import type { WriteStream } from "node:tty";

/** As much of a stream as is written to. */
export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Characters in a line, where the stream is a terminal. */
  readonly columns?: WriteStream["columns"];
}

/** The surroundings of one invocation. */
export interface CliIo {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Against which relative paths are resolved. */
  readonly folder: string;
  /** Aborted when the user interrupts. */
  readonly signal: AbortSignal;
  /** Of this package, for `--version`. */
  readonly version: string;
}
