/** What must hold of every invocation of the command, however wrong. */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Invocation } from "../../../cli/test-support.js";

/** Whatever a terminal would obey, save ends of lines. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
const obeyed = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
const styles = new RegExp(`${"\u001B"}\\[[\\d;]{1,8}m`, "g");
/** Words of the engine or the system, which tell a user neither what is wrong nor how to mend it. */
const ofEngine =
  /Cannot (read|destructure|convert)|is not (a function|iterable|a constructor)|\bundefined\b|\[object |call stack|Invalid (array|string|typed)|: ERR_[A-Z]|^mlxterp[\w -]*: E[A-Z]{3,}:|node:internal|\n +at /m;
/** What a failure is thrown as when nobody thought of it. */
const builtIn =
  /^(Uncaught )?((Type|Range|Reference|Syntax|URI|Eval|Aggregate)?Error|DOMException)\b.*:/m;

/** @returns what does not hold */
export function brokenClaims(
  argv: readonly string[],
  { code, stdout, stderr }: Invocation,
  interrupted: boolean,
): string[] {
  // biome-ignore format: one signature
  const failed = code === 1 || code === 2;
  const lines = stderr.split("\n").slice(0, -1);
  const asksJson = argv.includes("--json");
  const claims: [string, boolean][] = [
    ["the exit code is 0, 1 or 2", [0, 1, 2].includes(code) || (interrupted && code === 130)],
    ["nothing that a terminal obeys is written", !obeyed.test((stdout + stderr).replaceAll(styles, ""))],
    ["a failure says what is wrong", !failed || lines.length > 0 || stdout !== ""],
    ["wrong usage prints nothing else", code !== 2 || stdout === "" || !asksJson],
    ["every line on standard error says who speaks", lines.every((line) => line.startsWith("mlxterp"))],
    ["a failure is told in one line", lines.filter((line) => !/the vocabulary lacks/.test(line)).length < (failed ? 2 : 3)],
    ["standard error ends with its line", stderr === "" || stderr.endsWith("\n")],
    ["the message is in words of this program", !ofEngine.test(stderr)],
    ["--json prints data or nothing", !asksJson || stdout === "" || isJson(stdout) || /^Usage|^mlxterp/.test(stdout)],
  ]; // biome-ignore format: a table
  return claims.flatMap(([claim, holds]) => (holds ? [] : [claim]));
}

/** Where a failure is told with its origin: it was thrown by somebody who knew of it. */
export function brokenOrigin({ stderr }: Invocation): string[] {
  const told = stderr.slice(stderr.indexOf("\n") + 1).split("\ncaused by")[0];
  return builtIn.test(told) ? [`an error of ours is thrown, not ${told.split("\n").slice(0, 4).join(" | ")}`] : []; // biome-ignore format: one choice
}

/** A failure leaves no file, and success no half of one. */
export function brokenFiles(folder: string, code: number): string[] {
  const out = join(folder, "out");
  const left = readdirSync(out).filter((name) => code !== 0 || name.endsWith(".tmp"));
  for (const name of readdirSync(out)) rmSync(join(out, name), { recursive: true });
  return left.map((name) => `no file is left behind, as ${name} is`);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
