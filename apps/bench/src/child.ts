/** Measurements in a process of their own, where nothing before has warmed or filled anything. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

/** What a file prints when it is run by itself. */
export function runChild(file: string, args: readonly string[]): string {
  const child = spawnSync(process.execPath, [...process.execArgv, file, ...args], {
    encoding: "utf8",
  });
  if (child.status !== 0) throw new Error(`The measurement in ${file} failed: ${child.stderr}`);
  return child.stdout;
}

/** Starts this process's high-water mark anew; Linux only. */
export function resetPeak(): void {
  writeFileSync("/proc/self/clear_refs", "5");
}

/** The most resident memory since, in bytes. */
export function peakBytes(): number {
  const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"));
  return Number(line?.[1]) * 1024;
}
