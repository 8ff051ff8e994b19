/** Methods of the user's own: files that are named before the verb, `mlxterp --methods ./mine.js mine …`. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { defineMethod, type Method } from "@mlxterp/results";
import { UsageError } from "./arguments/failure.js";

export interface WithMethods {
  readonly methods: readonly Method[];
  /** The arguments after `--methods`. */
  readonly argv: readonly string[];
}

/**
 * Takes `--methods file` off the beginning of a command line, as often as it is there.
 *
 * @throws UsageError for a file that is not there, does not load or holds no method
 */
export async function takeMethods(argv: readonly string[], folder: string): Promise<WithMethods> {
  const methods: Method[] = [];
  let rest = argv;
  for (let [first] = rest; first?.startsWith("--methods"); [first] = rest) {
    const inline = /^--methods=(.+)$/s.exec(first)?.[1];
    const file = inline ?? rest[1];
    if (file === undefined) throw new UsageError("--methods needs a value: --methods <file>.");
    methods.push(...(await methodsOf(file, folder)));
    rest = rest.slice(inline === undefined ? 2 : 1);
  }
  return { methods, argv: rest };
}

async function methodsOf(file: string, folder: string): Promise<Method[]> {
  const path = resolve(folder, file);
  if (!existsSync(path)) throw new UsageError(`--methods ${file}: there is no such file.`);
  const exports = Object.values((await load(file, path)) as Record<string, unknown>);
  const found = [...new Set(exports.flat())].filter(isMethod);
  if (found.length > 0) return found.map((method) => defineMethod(method));
  throw new UsageError(
    `--methods ${file} exports no method; make one with defineMethod of mlxterp.`,
  );
}

async function load(file: string, path: string): Promise<unknown> {
  try {
    return await import(pathToFileURL(path).href);
  } catch (cause) {
    throw new UsageError(`--methods ${file} does not load: ${(cause as Error).message}`, { cause });
  }
}

function isMethod(value: unknown): value is Method {
  if (typeof value !== "object" || value === null) return false;
  return ["name", "options", "run", "view"].every((part) => part in value);
}
