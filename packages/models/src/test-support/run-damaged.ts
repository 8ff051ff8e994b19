/** Runs a program that uses damaged files, in processes of its own, and goes on behind what ended one. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fromSources } from "../../../../scripts/lib/from-sources.mjs";

const flags = ["--max-old-space-size=2000"];

/** Which damages, by their seeds, and for how many milliseconds one may say nothing. */
export interface Seeds {
  readonly first: number;
  readonly count: number;
  readonly patience: number;
}

/**
 * @param program writes `<seed> <what>: <result>` for each seed, and "end"
 * @returns how many came to a result, and those that hung, died or ended in an error of somebody else
 */
export async function runDamaged(
  program: URL,
  parameters: readonly string[],
  { first, count, patience }: Seeds,
): Promise<{ readonly done: number; readonly faults: readonly string[] }> {
  const faults: string[] = [];
  let done = 0;
  for (let next = first; next < first + count; ) {
    const seeds = [String(next), String(first + count - next)];
    const { lines, failure } = await run(program, [...seeds, ...parameters], patience);
    const results = lines.filter((line) => line !== "end");
    faults.push(...results.filter((line) => line.includes("UNTYPED")));
    if (failure) faults.push(`${results.at(-1)} ${failure}`);
    const complete = results.filter((line) => / (loaded|typed \S+|UNTYPED .*)$/.test(line)).length;
    done += complete;
    next += failure ? complete + 1 : complete;
  }
  return { done, faults };
}

/** @returns the lines of the program, and what ended it if it did not come to its end */
async function run(program: URL, parameters: readonly string[], patience: number) {
  const file = await fromSources(program);
  const child = spawn(process.execPath, [...flags, file, ...parameters], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: string[] = [];
  let [timer, hung]: [NodeJS.Timeout | undefined, boolean] = [undefined, false];
  const ended = new Promise<string>((resolve) => {
    child.on("close", (code, signal) => resolve(String(signal ?? code)));
  });
  for await (const line of createInterface({ input: child.stdout })) {
    clearTimeout(timer);
    lines.push(line);
    timer = setTimeout(() => {
      hung = true;
      child.kill("SIGKILL");
    }, patience);
  }
  clearTimeout(timer);
  const code = await ended;
  return { lines, failure: lines.at(-1) === "end" ? undefined : hung ? "hung" : `died (${code})` };
}
