/** Methods of objects, found by looking at them: what a class gains is tried without anybody adding it. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Door } from "./doors.js";
import { stopping } from "./stopping.js";

export type Methods = Readonly<Record<string, readonly unknown[]>>;

/** An object, and right arguments of some of its methods. */
export interface Owner {
  /** What the method is called on, anew for each call where a call may change it. */
  readonly make: () => object | Promise<object>;
  readonly methods: Methods;
}

const packages = fileURLToPath(new URL("../../../../", import.meta.url));
let hiddenNames: ReadonlyMap<string, ReadonlySet<string>> | undefined;

/** What sources call private or internal, which nothing says at run time: by class. */
function hidden(): ReadonlyMap<string, ReadonlySet<string>> {
  if (hiddenNames) return hiddenNames;
  const found = new Map<string, Set<string>>();
  const files = readdirSync(packages).flatMap((name) =>
    readdirSync(`${packages}${name}/src`, { recursive: true, encoding: "utf8" })
      .filter((file) => /(?<!\.test)\.tsx?$/.test(file))
      .map((file) => `${packages}${name}/src/${file}`),
  );
  const member = "(?:private |protected |override |abstract |readonly |async |\\*)*(\\w+)";
  const said = new RegExp(`(?:private|protected) ${member}|@internal(?:(?!\\*/)[^])*\\*/\\s*${member}`, "g"); // biome-ignore format: one line
  for (const file of files) {
    const source = readFileSync(file, "utf8");
    const names = [...source.matchAll(said)].map(([, one, other]) => one ?? other);
    for (const [, owner] of source.matchAll(/\bclass (\w+)/g)) {
      found.set(owner, new Set([...(found.get(owner) ?? []), ...names]));
    }
  }
  hiddenNames = found;
  return found;
}

/** Names of the methods of an object and of its classes; fields are no methods, and getters are read elsewhere. */
export function memberNames(object: object): string[] {
  const names = new Set<string>();
  const levels: object[] = [];
  for (
    let level: object | null = object;
    level !== null && isOurs(level);
    level = Object.getPrototypeOf(level) as object | null
  ) {
    levels.push(level);
  }
  const said = levels.map((level) => hidden().get(level.constructor?.name ?? ""));
  for (const level of levels) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      // names with dots are those of sites, whose functions passes call
      if (typeof value !== "function" || !/^(?!constructor$)[a-z]\w*$/i.test(name)) continue;
      if (!said.some((own) => own?.has(name))) names.add(name);
    }
  }
  return [...names];
}

/** Of a class of ours, or a plain object; those of the binding and of Node are not ours to check. */
function isOurs(level: object): boolean {
  if (level === Object.prototype || Array.isArray(level)) return false;
  return level.constructor === Object || hidden().has(level.constructor?.name ?? "");
}

/** Generation goes on for as many tokens as one asks for, until one is told to stop. */
const toldToStop = ([prompt, options, ...more]: never[]): never[] =>
  options === undefined
    ? [prompt, options, ...more]
    : [prompt, stopping(options) as never, ...more];

/** All methods of an owner as doors. */
export async function memberDoors(group: string, { make, methods }: Owner): Promise<Door[]> {
  const sample = (await make()) as Readonly<Record<string, { readonly length: number }>>;
  return memberNames(sample).map((name) => ({
    name: `${group}.${name}`,
    ...(Object.hasOwn(methods, name) ? { args: methods[name] } : { places: sample[name].length }),
    call: async (...given: never[]) => {
      const args = name.startsWith("generate") ? toldToStop(given) : given;
      return ((await make()) as Record<string, (...args: never[]) => unknown>)[name](...args);
    },
  }));
}
