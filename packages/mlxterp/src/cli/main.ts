#!/usr/bin/env -S env MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=268435456 node
/**
 * The `mlxterp` command: hands the process's streams to `runCli`.
 *
 * Its first line keeps the pages of large results in the process (on Linux; elsewhere nothing reads it), for which the
 * allocator has to know before the process begins. It stays below 127 characters, the most that older kernels read, and
 * names `env` twice for the shell scripts that pnpm makes of such lines.
 */
import { createRequire } from "node:module";
import { addAbortSignal } from "node:stream";
import { runCli } from "./run-cli.js";
import type { InputStream } from "./terminal/io.js";

const { version } = createRequire(import.meta.url)("../../package.json") as { version: string };
const interruption = new AbortController();

// The first Ctrl-C asks the work to stop, the second does not wait for it.
process.once("SIGINT", () => {
  interruption.abort(new Error("interrupted"));
  process.once("SIGINT", () => process.exit(130));
});

// A reader that has seen enough, such as `head`, is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

const stdin: InputStream = {
  get isTTY() {
    return process.stdin.isTTY;
  },
  chunks: (signal) => addAbortSignal(signal, process.stdin),
};

process.exitCode = await runCli(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin,
  environment: process.env,
  folder: process.cwd(),
  signal: interruption.signal,
  version,
});
