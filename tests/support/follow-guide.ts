/** Follows a guide of docs/contributing literally: writes the files that it shows and adds the lines of its diffs. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "./workspace.js";

/** @param folder where a copy of the workspace lies */
export function followGuide(guide: string, folder: string): void {
  const page = readFileSync(join(root, "docs/contributing", guide), "utf8");
  for (const [, file, code] of page.matchAll(/`([^`\n]+)`:?[^`]*:\n\n```ts file\n(.*?)^```$/gms))
    writeNew(join(folder, file), code);
  for (const [, diff] of page.matchAll(/^```diff\n(.*?)^```$/gms)) addLines(folder, diff);
}

function writeNew(file: string, code: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, code, { flag: "wx" });
}

/** Each file of a diff begins with its name in a comment; ` …` stands for lines that are left out. */
function addLines(folder: string, diff: string): void {
  const parts = diff.split(/^ \/\/ (.+)\n/m).slice(1);
  for (let part = 0; part < parts.length; part += 2) {
    const file = join(folder, parts[part]);
    writeFileSync(file, withLines(readFileSync(file, "utf8"), parts[part + 1], file));
  }
}

/** A line goes below the one that the diff shows above it, or before the first import or export. */
function withLines(text: string, diff: string, file: string): string {
  const lines = text.split("\n");
  const placeOf = (found: number, sought: string) => {
    if (found < 0) throw new Error(`${file} has no ${sought}.`);
    return found;
  };
  const isMenu = (line: string) => /^(import|export) /.test(line);
  let place = placeOf(lines.findIndex(isMenu), "import or export");
  for (const line of diff.trimEnd().split("\n")) {
    const code = line.slice(1);
    if (line.startsWith("+")) lines.splice(place++, 0, code);
    else if (code !== "…") place = placeOf(lines.indexOf(code), `line "${code}"`) + 1;
  }
  return lines.join("\n");
}
