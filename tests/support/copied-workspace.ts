/** A copy of the packages' sources in a temporary folder, where a test may add to them. */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { fromSources } from "../../scripts/lib/from-sources.mjs";
import { filesBelow, libraries, root } from "./workspace.js";

const left = new Set(["dist", "references", "test", "coverage", ".turbo"]);

/** Packages link each other by relative paths, so the copies use the copies; everything else is the workspace's own. */
export function copyWorkspace(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "mlxterp-guides-")));
  for (const one of libraries) {
    cpSync(one.folder, join(folder, one.path), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (source) => !left.has(basename(source)),
    });
  }
  for (const file of ["package.json", "tsconfig.json", "tsconfig.base.json"])
    cpSync(join(root, file), join(folder, file));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return folder;
}

/** Sources that are not as in the workspace, changed or new. */
export function touchedSources(folder: string): string[] {
  return filesBelow(join(folder, "packages"), [".ts", ".json"])
    .map((file) => relative(folder, file))
    .filter((file) => read(join(folder, file)) !== read(join(root, file)))
    .sort();
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return undefined;
  }
}

/** Runs modules in the copy's root, on the copy's sources, in one process; gives what each exports. */
export async function runInCopy(folder: string, modules: Readonly<Record<string, string>>) {
  for (const [name, code] of Object.entries(modules))
    writeFileSync(join(folder, `${name}.ts`), code);
  const parts = Object.keys(modules).map((name) => `${name}: await import("./${name}.ts")`);
  writeFileSync(join(folder, "main.ts"), `console.log(JSON.stringify({ ${parts.join(", ")} }));`);
  const program = await fromSources(join(folder, "main.ts"));
  const result = spawnSync(process.execPath, [program], { cwd: folder, encoding: "utf8" });
  if (result.status === 0) return JSON.parse(result.stdout);
  throw new Error(`The added parts failed:\n${result.stdout}${result.stderr}`);
}
