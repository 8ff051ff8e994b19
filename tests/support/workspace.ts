/** The workspace as the root tests see it: its packages, their manifests and their source files. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root folder. */
export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** The part of a package.json that the tests look at. */
interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly scripts?: Record<string, string>;
  readonly exports?: Record<string, Record<string, string>>;
  readonly publishConfig?: { readonly exports?: Record<string, Record<string, string>> };
  readonly dependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

/** One package of the workspace. */
export interface WorkspacePackage {
  /** relative to the root, such as `packages/core` */
  readonly path: string;
  readonly folder: string;
  readonly manifest: Manifest;
}

function packagesBelow(parent: string): WorkspacePackage[] {
  const folder = join(root, parent);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))
    .filter((child) => existsSync(join(child, "package.json")))
    .map((child) => ({
      path: relative(root, child),
      folder: child,
      manifest: JSON.parse(readFileSync(join(child, "package.json"), "utf8")),
    }));
}

/** Everything below `packages`. */
export const libraries = packagesBelow("packages");
/** Everything below `apps`. */
export const apps = packagesBelow("apps");

/** What a consumer of the package must install, in one record. */
export function runtimeDependencies({ manifest }: WorkspacePackage): string[] {
  const { dependencies, peerDependencies, optionalDependencies } = manifest;
  return Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies });
}

const generated = new Set(["node_modules", "dist", "weights", "coverage"]);

/** Files below a folder whose names end in one of `endings`, without installed and generated ones. */
export function filesBelow(folder: string, endings: readonly string[]): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      const skipped = generated.has(entry.name) || entry.name.startsWith(".");
      return skipped ? [] : filesBelow(path, endings);
    }
    return endings.some((ending) => entry.name.endsWith(ending)) ? [path] : [];
  });
}

/** A package's TypeScript files: its sources, the tests beside them, and those of its behaviour as a whole. */
export function allFiles({ folder }: WorkspacePackage): string[] {
  return ["src", "test"].flatMap((part) => filesBelow(join(folder, part), [".ts", ".tsx"]));
}

/** A package's sources without tests and test helpers, which may import more than the code they test. */
export function sourceFiles(one: WorkspacePackage): string[] {
  return filesBelow(join(one.folder, "src"), [".ts", ".tsx"]).filter(
    (file) => !/\.test(-d)?\.tsx?$|\/(test-support|testing)\b/.test(file),
  );
}
