/** Site views at run time: polite proxies that follow the module tree and read from a trace. */
import { inspect } from "node:util";
import { nearestWords } from "@mlxterp/mlx";
import { OutOfRangeError, ReadOnlySiteError, UnknownSiteError } from "../errors.js";
import { inputPort, outputPort } from "../sites/selector.js";
import { siteName } from "../sites/site.js";
import {
  type ContainerSlot,
  isContainer,
  type ModuleNode,
  type Slot,
} from "../tree/module-node.js";
import { polite } from "./polite-proxy.js";
import { TracedSite, type ValueSource } from "./site-value.js";

/** A view of a module: children by name, and the value of its output. */
export function moduleView(source: ValueSource, node: ModuleNode): object {
  const own = siteName(node, outputPort);
  const join = (key: string) => (node.path ? `${node.path}.${key}` : key);
  const members: Readonly<Record<string, () => unknown>> = {
    output: () => new TracedSite(source, own),
    input: () => new TracedSite(source, siteName(node, inputPort)),
    call: () => (index: number) => new TracedSite(source, `${own}#${index}`),
  };
  return polite(new TracedSite(source, own), {
    find: (key) => {
      const slot = node.slots.get(key);
      if (slot) return slotView(source, slot, join(key));
      const part = node.splice?.parts.get(key);
      if (part) return moduleView(source, part);
      if (Object.hasOwn(members, key)) return members[key]();
      throw new UnknownSiteError(join(key), nearestWords(key, [...node.slots.keys()]).map(join));
    },
    has: (key) =>
      node.slots.has(key) || node.splice?.parts.has(key) === true || Object.hasOwn(members, key),
    assign: (key) => {
      throw new ReadOnlySiteError(Object.hasOwn(members, key) ? own : join(key));
    },
  });
}

/** A view of whatever stands in a slot: a module, a list or an object of modules. */
function slotView(source: ValueSource, slot: Slot, path: string): object {
  if (!isContainer(slot)) return moduleView(source, slot);
  return Array.isArray(slot.container)
    ? listView(source, slot, path)
    : objectView(source, slot, path);
}

function objectView(source: ValueSource, { entries }: ContainerSlot, path: string): object {
  return polite(new ViewedContainer(path), {
    find: (key) => {
      const inner = entries.get(key);
      if (inner) return slotView(source, inner, `${path}.${key}`);
      const near = nearestWords(key, [...entries.keys()]);
      throw new UnknownSiteError(
        `${path}.${key}`,
        near.map((name) => `${path}.${name}`),
      );
    },
    has: (key) => entries.has(key),
    assign: (key) => {
      throw new ReadOnlySiteError(`${path}.${key}`);
    },
  });
}

function listView(source: ValueSource, slot: ContainerSlot, path: string): object {
  const { length } = slot.container as readonly unknown[];
  const views = new Map<number, object>();
  const at = (given: number): object => {
    const index = given < 0 ? given + length : given;
    const inner = slot.entries.get(String(index));
    if (!inner) throw new OutOfRangeError(path, given, length, "this list");
    const view = views.get(index) ?? slotView(source, inner, `${path}.${index}`);
    views.set(index, view);
    return view;
  };
  return polite(new ViewedList(path, length, at), {
    find: (key) => {
      if (/^-?\d+$/.test(key)) return at(Number(key));
      throw new UnknownSiteError(`${path}.${key}`, [`${path}.0`, `${path}.${length - 1}`]);
    },
    has: (key) => slot.entries.has(key),
    assign: (key) => {
      throw new ReadOnlySiteError(`${path}.${key}`);
    },
  });
}

/** What is asked of a list or an object of modules as a whole. */
class ViewedContainer {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  toString(): string {
    return `[sites ${this.#path}.*]`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

class ViewedList extends ViewedContainer {
  readonly length: number;
  readonly #at: (index: number) => object;

  constructor(path: string, length: number, at: (index: number) => object) {
    super(path);
    this.length = length;
    this.#at = at;
  }

  *[Symbol.iterator](): Iterator<object> {
    for (let index = 0; index < this.length; index++) yield this.#at(index);
  }
}
