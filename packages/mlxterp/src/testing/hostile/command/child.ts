/** A process of its own, in which the command is invoked as it should never be: each is announced, then its ending told. */
import { rmSync } from "node:fs";
import { PassThrough } from "node:stream";
import { commandsWith } from "../../../cli/commands/index.js";
import { type Invocation, invoke } from "../../../cli/test-support.js";
import { type Random, seeded } from "../random.js";
import { brokenClaims, brokenFiles, brokenOrigin } from "./claims.js";
import { commandLine } from "./command-line.js";
import { surroundings } from "./surroundings.js";

const [from, to] = process.argv.slice(2).map(Number);
/** Milliseconds after which a user would interrupt what takes long because it was asked to. */
const patience = 1_200;
let stray = "";
process.on("unhandledRejection", (error) => {
  stray = error instanceof Error ? String(error.stack) : String(error);
});
const commands = commandsWith([]);
const around = await surroundings();
for (let seed = from; seed < to; seed++) {
  const random = seeded(seed);
  const { argv } = commandLine(commands, random, around);
  const shown = JSON.stringify(argv.map((word) => (word.length > 80 ? `${word.slice(0, 60)}… (${word.length})` : word))); // biome-ignore format: one call
  tell({ seed, door: shown });
  const { invocation, interrupted } = await once(argv, random);
  const { code, stdout, stderr } = invocation;
  const broken = [
    ...brokenClaims(argv, invocation, interrupted),
    ...brokenFiles(around.folder, code),
  ];
  if (code === 1 || code === 2) broken.push(...(await origin(argv, stderr)));
  if (stray !== "") broken.push(`nothing is rejected unheard, as ${stray}`);
  stray = "";
  const detail = `${broken.join("; ")}: ${code} ${JSON.stringify(stderr.slice(0, 600))} ${broken.length > 0 ? JSON.stringify(stdout.slice(0, 200)) : ""}`;
  tell({
    seed,
    kind: broken.length > 0 ? "untyped" : (["success", "failure", "usage"][code] ?? "interrupted"),
    detail,
  });
}
rmSync(around.folder, { recursive: true, force: true });
process.exit(); // servers that calls began go on

/** With something on standard input, and a terminal of some kind. */
async function once(argv: readonly string[], random: Random) {
  const interruption = new AbortController();
  const interrupt = () => interruption.abort(new Error("interrupted"));
  const timer = setTimeout(interrupt, patience);
  const stdin = random.pick([undefined, undefined, "", "Mary and", Uint8Array.of(0xff, 0xfe), "\0\u001b[2J", "Mary ".repeat(500)]); // biome-ignore format: one list
  const environment: Record<string, string> = { COLUMNS: random.pick(["100", "100", "0", "-5", "1", "NaN", "1e9", ""]) }; // biome-ignore format: one list
  if (random.below(4) === 0) environment[random.pick(["FORCE_COLOR", "NO_COLOR"])] = random.pick(["1", "0", "", "yes"]); // biome-ignore format: one list
  const input = new PassThrough();
  input.end(random.pick(["", "{", '{"jsonrpc":"2.0"}\n', "\u0000\u00ff\n", "[]\n", "null\n"]));
  const output = new PassThrough().resume();
  try {
    const invocation: Invocation = await invoke(argv, {
      ...{ environment, folder: around.folder, signal: interruption.signal },
      ...(stdin !== undefined && { stdin }),
      protocol: { input, output },
      onOutput: (text) => {
        if (/^Serving at/.test(text)) interrupt();
      },
    });
    return { invocation, interrupted: interruption.signal.aborted };
  } finally {
    clearTimeout(timer);
  }
}

/** Fails once more, telling where. */
async function origin(argv: readonly string[], said: string): Promise<string[]> {
  const again = await invoke([...argv, "--debug"], { folder: around.folder, stdin: "Mary and" });
  brokenFiles(around.folder, 0);
  return again.stderr.startsWith(said.trimEnd()) ? brokenOrigin(again) : [];
}

function tell(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
