/** Installs the packed packages into an empty folder, as someone would who has never seen this repository. */
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { capture } from "../../scripts/lib/commands.mjs";
import { nativeCompiler } from "../../scripts/lib/compiler.mjs";
import { packPackages } from "../../scripts/lib/packages.mjs";
import { root } from "./workspace.js";

function mustRun(command: string, args: string[], cwd: string): string {
  const result = capture(command, args, { cwd });
  if (!result.ok) throw new Error(`${command} ${args.join(" ")} failed:\n${result.text}`);
  return result.output;
}

/** Builds what is not built and packs every publishable package: its name → the tarball's file name. */
function packInto(folder: string): Record<string, string> {
  mustRun("turbo", ["run", "build", "--filter=./packages/*", "--output-logs=errors-only"], root);
  const tarballs = Object.entries(packPackages(folder));
  return Object.fromEntries(tarballs.map(([name, path]) => [name, `file:./${basename(path)}`]));
}

/** A strict compiler with nothing waived and no types but those that the packages bring. */
const compilerOptions = {
  target: "ES2022",
  module: "NodeNext",
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  types: [],
  rootDir: "src",
  outDir: "out",
};

/** What npm reads: everything from the tarballs, and the version of the binding that is tested here. */
function manifestFor(tarballs: Record<string, string>) {
  const { mlxterp, ...siblings } = tarballs;
  return {
    name: "consumer",
    private: true,
    type: "module",
    dependencies: { mlxterp },
    overrides: { ...siblings, "@frost-beta/mlx": "0.0.7" },
  };
}

/** Makes an empty folder that of a consumer who has installed `mlxterp` and nothing else. */
export function installConsumer(folder: string): void {
  const manifest = manifestFor(packInto(folder));
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest, null, 2));
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions, include: ["src"] }),
  );
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  mustRun("npm", ["install", "--ignore-scripts", "--prefer-offline", ...quiet], folder);
  if (process.platform === "darwin") {
    // the binding's install script would have fetched this build; set-up has run it here
    const build = "node_modules/@frost-beta/mlx/build";
    cpSync(join(root, "packages/mlx", build), join(folder, build), { recursive: true });
  }
}

/** Runs plain JavaScript as it stands. */
export function runPlain(folder: string, program: string, source: string): string {
  writeFileSync(join(folder, "plain.mjs"), source);
  return mustRun(program, ["plain.mjs"], folder);
}

/** Compiles source files, by name, as the consumer does: all at once, since reading the declarations takes longest. */
export function compile(folder: string, sources: Readonly<Record<string, string>>): void {
  mkdirSync(join(folder, "src"), { recursive: true });
  for (const [name, source] of Object.entries(sources)) {
    writeFileSync(join(folder, "src", `${name}.ts`), source);
  }
  mustRun(process.execPath, [nativeCompiler, "--checkers", "1", "-p", "."], folder);
}

const printed = new Map<string, string>();

/** Runs what has been compiled, once by each program, and says what it printed. */
export function runCompiled(folder: string, name: string, program = process.execPath): string {
  const run = `${program} ${folder} ${name}`;
  const output = printed.get(run) ?? mustRun(program, [`out/${name}.js`], folder);
  printed.set(run, output);
  return output;
}
