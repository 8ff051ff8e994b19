/** What the command talks to: two streams and an environment, so that a test can stand in for a terminal. */
import type { Readable, Writable } from "node:stream";
import type { WriteStream } from "node:tty";

/** As much of a stream as is written to. */
export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Characters in a line, where the stream is a terminal. */
  readonly columns?: WriteStream["columns"];
}

/** As much of standard input as is read from. */
export interface InputStream {
  readonly isTTY?: boolean;
  /** Everything that comes, until it ends or the signal aborts. */
  chunks(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** Bytes in and out, for a protocol that is no text for people. */
export interface ProtocolStreams {
  readonly input: Readable;
  readonly output: Writable;
}

/** The surroundings of one invocation. */
export interface CliIo {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Absent where there is none to read from. */
  readonly stdin?: InputStream;
  /** What protocols are spoken over. Default: the process's own. */
  readonly protocol?: ProtocolStreams;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Against which relative paths are resolved. */
  readonly folder: string;
  /** Aborted when the user interrupts. */
  readonly signal: AbortSignal;
  /** Of this package, for `--version`. */
  readonly version: string;
}
