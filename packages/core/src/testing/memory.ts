/** How much memory this process holds, in bytes. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";

const status = "/proc/self/status";

/** Whether the system tells how much memory a process held at most. */
export const peakIsKnown = existsSync(status) && existsSync("/proc/self/clear_refs");

/** The largest resident set since the last call of `resetPeak`. */
export function peakMemory(): number {
  return field("VmHWM");
}

export function residentMemory(): number {
  return existsSync(status) ? field("VmRSS") : process.memoryUsage.rss();
}

export function resetPeak(): void {
  writeFileSync("/proc/self/clear_refs", "5");
}

/** What the runs that spill may hold: as much as one layer leaves. */
export function spillBudget(tokens: number, width: number): number {
  return tokens * width * 4 * 4;
}

function field(name: string): number {
  const [, kilobytes] =
    new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(readFileSync(status, "utf8")) ?? [];
  return Number(kilobytes) * 1024;
}
