/** Options that name folders of a hub (`owner/name/folder`), such as dictionaries: brought, and named in results so that they are found again. */
import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fieldsOf, type Method, type Result } from "@mlxterp/results";
import type { CommandContext } from "./command.js";

type Options = Readonly<Record<string, unknown>>;

/** Options as the method takes them, and what results shall say was asked. */
export interface Brought {
  readonly options: Options;
  /** With the place in the hub, its commit included, where a path stands. */
  named<R extends Result>(result: R): R;
}

/** Owner, name, perhaps a revision, and what lies within; one file of tensors, or a folder. */
const form = /^([A-Za-z\d][\w.-]*\/[\w-][\w.-]*?)(?:@([\w.-]+))?((?:\/[\w-][\w. -]*)*)$/;
const isFile = /\.(npz|pt|pth|safetensors)$/;

/**
 * Brings what options of a method name in a hub, into the cache of models. What exists as a path stays one.
 *
 * @throws whatever `fetchHubFolder` throws
 */
export async function bringHubFolders(
  method: Method,
  options: Options,
  context: CommandContext,
): Promise<Brought> {
  const names = fieldsOf(method.options).filter(({ hub }) => hub);
  const given = names.filter(({ name }) => options[name] !== undefined);
  const places: Record<string, unknown> = {};
  const written: Record<string, unknown> = {};
  for (const { name } of given) {
    const all = [options[name]].flat();
    const found: Place[] = [];
    for (const one of all) found.push(await bring(one, context));
    const [paths, texts] = [found.map(({ path }) => path), found.map(({ text }) => text)];
    const list = Array.isArray(options[name]);
    [places[name], written[name]] = list ? [paths, texts] : [paths[0], texts[0]];
  }
  const own = { ...options, ...places };
  return {
    options: own,
    named: (result) => {
      const known = Object.keys(written).filter((name) => name in result.asked);
      const asked = Object.fromEntries(known.map((name) => [name, written[name]]));
      return { ...result, asked: { ...result.asked, ...asked } };
    },
  };
}

/** Where something lies, and what it is called. */
interface Place {
  readonly path: unknown;
  readonly text: unknown;
}

async function bring(value: unknown, context: CommandContext): Promise<Place> {
  const [, id, revision, within = ""] = (typeof value === "string" && form.exec(value)) || [];
  const here = typeof value === "string" && existsSync(resolve(context.folder, value));
  if (id === undefined || here) return { path: value, text: value };
  const inside = within.replace(/^\//, "");
  const file = isFile.test(inside);
  const folder = file ? dirname(inside).replace(/^\.$/, "") : inside;
  const { fetchHubFolder } = await import("@mlxterp/models");
  const bar = context.progress(`loading ${id}`);
  try {
    const place = await fetchHubFolder(id, {
      ...{ folder, signal: context.signal, offline: context.offline },
      ...(revision !== undefined && { revision }),
      onProgress: ({ file: part, loaded, total }) =>
        bar.update({ done: loaded, total, unit: "bytes", part }),
    });
    const commit = /[\\/]snapshots[\\/]([\da-f]{40})/.exec(place)?.[1] ?? revision;
    const text = `${id}${commit === undefined ? "" : `@${commit}`}${within}`;
    return { path: file ? join(place, basename(inside)) : place, text };
  } finally {
    bar.stop();
  }
}
