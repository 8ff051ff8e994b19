/** Runs the command within a test, with streams that remember. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runCli } from "./run-cli.js";
import type { InputStream, ProtocolStreams } from "./terminal/io.js";
import { displayWidth } from "./terminal/text.js";

export interface Invocation {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Surroundings {
  readonly environment?: Readonly<Record<string, string>>;
  readonly folder?: string;
  readonly signal?: AbortSignal;
  /** What is piped in; a terminal that nobody types into otherwise. */
  readonly stdin?: string | Uint8Array;
  readonly protocol?: ProtocolStreams;
  /** Is told of standard output as it comes, by those that wait for a command which does not end. */
  readonly onOutput?: (text: string) => void;
}

/** Runs `mlxterp` with arguments; a pipe of 100 columns unless told otherwise. */
export async function invoke(
  argv: readonly string[],
  around: Surroundings = {},
): Promise<Invocation> {
  const { environment = {}, folder = process.cwd() } = around;
  const signal = around.signal ?? new AbortController().signal;
  const written = { stdout: "", stderr: "" };
  const streamTo = (name: keyof typeof written) => ({
    write: (text: string) => {
      written[name] += text;
      if (name === "stdout") around.onOutput?.(text);
    },
  });
  const code = await runCli(argv, {
    stdout: streamTo("stdout"),
    stderr: streamTo("stderr"),
    ...(around.stdin !== undefined && { stdin: piped(around.stdin) }),
    ...(around.protocol && { protocol: around.protocol }),
    environment,
    folder,
    signal,
    version: "1.2.3",
  });
  return { code, ...written };
}

function piped(content: string | Uint8Array): InputStream {
  return {
    async *chunks() {
      yield Buffer.from(content);
    },
  };
}

/** The width of the widest line. */
export function widestLine(text: string): number {
  return Math.max(...text.split("\n").map(displayWidth));
}

const repository = fileURLToPath(new URL("../../../..", import.meta.url));
const shared = process.env.MLXTERP_SHARED ?? join(repository, "../shared");

/** A checkpoint of the shared test data, by its folder's name. */
export function sharedModel(name: string): {
  readonly folder: string;
  readonly available: boolean;
} {
  const folder = join(shared, "data/models", name);
  return { folder, available: existsSync(folder) };
}
