/** Runs hostile calls in child processes, which it ends where a call takes too long, and goes on after. */
import { spawn } from "node:child_process";
import { fromSources } from "../../../../../scripts/lib/from-sources.mjs";

/** A call that ended as none may. */
export interface Failure {
  readonly seed: number;
  readonly door: string;
  readonly how: "crash" | "hang" | "untyped";
  readonly detail: string;
}

export interface Outcome {
  readonly calls: number;
  /** How many calls ended in each way. */
  readonly endings: Readonly<Record<string, number>>;
  readonly failures: readonly Failure[];
}

interface Line {
  readonly seed: number;
  readonly door?: string;
  readonly kind?: string;
  readonly detail?: string;
}

const functions = new URL("child.ts", import.meta.url);
const environment = { HF_HUB_OFFLINE: "1", HF_ENDPOINT: "http://127.0.0.1:9" };

/**
 * @param limit milliseconds that one call may take
 * @param script what makes the calls; those of functions by default
 */
export async function hostileCalls(
  from: number,
  to: number,
  limit: number,
  script = functions,
): Promise<Outcome> {
  const endings: Record<string, number> = {};
  const failures: Failure[] = [];
  const file = await fromSources(script);
  let next = from;
  while (next < to) next = await oneChild(file, next, to, limit, endings, failures);
  return { calls: to - from, endings, failures };
}

/** @returns the seed to go on with */
function oneChild(
  file: string,
  from: number,
  to: number,
  limit: number,
  endings: Record<string, number>,
  failures: Failure[],
): Promise<number> {
  const child = spawn(process.execPath, ["--no-warnings", file, String(from), String(to)], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let begun: Line | undefined;
  let hung = false;
  let [rest, errors] = ["", ""];
  let timer: NodeJS.Timeout | undefined;
  const read = (line: Line) => {
    clearTimeout(timer);
    if (line.door !== undefined) {
      begun = line;
      timer = setTimeout(() => {
        hung = true;
        child.kill("SIGKILL");
      }, limit);
      return;
    }
    const { kind = "untyped", detail = "" } = line;
    endings[kind] = (endings[kind] ?? 0) + 1;
    if (kind === "untyped")
      failures.push({ seed: line.seed, door: begun?.door ?? "", how: kind, detail });
    begun = undefined;
  };
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) read(JSON.parse(line) as Line);
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    errors = (errors + chunk).slice(-2_000);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (!begun && code === 0) return resolve(to);
      if (!begun) return reject(new Error(`the child could not begin: ${errors}`));
      const how = hung ? "hang" : "crash";
      failures.push({
        seed: begun.seed,
        door: begun.door ?? "",
        how,
        detail: `${signal ?? code} ${errors}`,
      });
      resolve(begun.seed + 1);
    });
  });
}
