/** The process of the `mlxterp` command: its streams and signals, handed to `runCli`. */
import { addAbortSignal } from "node:stream";
import { runCli } from "./run-cli.js";
import type { InputStream } from "./terminal/io.js";

/**
 * Runs the command line of this process; its exit code is set when all is done.
 *
 * @param version of the program
 */
export async function runProcess(version: string): Promise<void> {
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
}
