/** Other spellings of names: snake_case checkpoint paths, and names that other libraries have for sites. */
import type { NamedPlace, OtherName } from "./described.js";
import { compileSegments, splitOutsideBraces } from "./match.js";
import { siteName } from "./site.js";

/** `self_attn.q_proj` → `selfAttn.qProj`, and without the wrapper's leading `model.`. */
export function fromSnakeCase(name: string): string {
  return name
    .replace(/^(model\.)+/, "")
    .replace(/(?<!_)_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** A test of other names against one that was given: words are compared as they are, places in lists may be patterns. */
export function sameOtherName(text: string): (name: OtherName) => boolean {
  const segments = splitOutsideBraces(text);
  const tests = segments.map((segment) => compileSegments([segment === "**" ? "" : segment]));
  return (name) =>
    name.length === segments.length &&
    name.every((part, index) =>
      part.listLength > 0 ? tests[index]([part]) : part.key === segments[index],
    );
}

/** A name and its call, which names of other libraries may have, too: `hook_embed#1`. */
export function splitCall(text: string): [name: string, call: number | undefined] {
  const [, name = text, call] = /^(.*?)(?:#(\d+))?$/s.exec(text) ?? [];
  return [name, call === undefined ? undefined : Number(call)];
}

/** A name as this project would write it, also where its place in a list does not exist. */
export function ourSpelling(text: string, named: readonly NamedPlace[]): string {
  const segments = splitCall(text)[0].split(".");
  const meant = named.find(
    ({ name }) =>
      name.length === segments.length &&
      name.every(({ key, listLength }, index) => listLength > 0 || key === segments[index]),
  );
  if (!meant) return fromSnakeCase(text);
  const places = meant.name.flatMap(({ listLength }, at) => (listLength > 0 ? segments[at] : []));
  const inOurs = meant.node.segments.map(({ key, listLength }) => listLength > 0 ? (places.shift() ?? key) : key); // biome-ignore format: one place for each
  const { path } = meant.node;
  return inOurs.join(".") + siteName(meant.node, meant.port).slice(path.length);
}
