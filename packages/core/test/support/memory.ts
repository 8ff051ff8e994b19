/** How much memory of its own this process holds, in bytes: pages of files come and go as the system likes. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";

const status = "/proc/self/status";

/** Whether the system tells how much memory a process held at most. */
export const peakIsKnown = existsSync(status) && existsSync("/proc/self/clear_refs");

/** The most that was resident since the last call of `resetPeak`. */
export function peakMemory(): number {
  return field("VmHWM") - field("RssFile");
}

export function residentMemory(): number {
  return field("RssAnon");
}

/** What is left after everything that nobody holds has gone; finalizers run on the turns after a collection. */
export async function heldMemory(): Promise<number> {
  if (!globalThis.gc) throw new Error("run node with --expose-gc");
  for (let round = 0; round < 3; round++) {
    globalThis.gc();
    await turn();
  }
  return residentMemory();
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
