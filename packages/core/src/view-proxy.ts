/** Site views at run time: polite proxies that follow the module tree and read from a trace. */
import { inspect } from "node:util";
import type { MxArray } from "@mlxterp/mlx";
import { MlxterpError } from "@mlxterp/mlx";
import { OutOfRangeError, UnknownSiteError } from "./errors.js";
import { isContainer, type ModuleNode, type Slot } from "./sites/module-tree.js";
import type { SiteValue } from "./views.js";

/** What a view reads from. */
export interface ViewSource {
  value(site: string): MxArray;
  save(site: string): MxArray;
}

/** A site was assigned to; values are changed by interventions, which run inside the forward. */
export class ReadOnlySiteError extends MlxterpError {
  readonly code = "READ_ONLY_SITE";
  constructor(readonly site: string) {
    super(
      `"${site}" cannot be assigned: the forward has already run. Change it with trace(prompt, { interventions: { "${site}": (x) => … } }).`,
    );
  }
}

/** A site's value, read on demand. */
export function siteValue(source: ViewSource, site: string): SiteValue {
  return {
    site,
    get value() {
      return source.value(site);
    },
    get shape() {
      return source.value(site).shape;
    },
    save: () => source.save(site),
  };
}

const silent = new Set<string>(["then", "toJSON", "constructor", "asymmetricMatch", "nodeType"]);

/** A view of a module: children by name, and the value of its output. */
export function moduleView(source: ViewSource, node: ModuleNode): object {
  const own = siteValue(source, node.path || "output");
  const join = (port: string) => (node.path ? `${node.path}.${port}` : port);
  const members: Record<string, unknown> = {
    output: siteValue(source, join("output")),
    input: siteValue(source, join("input")),
    call: (index: number) => siteValue(source, `${node.path || "output"}#${index}`),
  };
  return polite(own, node.path || "the model", (key) => {
    const slot = node.slots.get(key);
    if (slot) return slotView(source, slot, join(key));
    if (key in members) return members[key];
    throw new UnknownSiteError(join(key), [...node.slots.keys()].map(join).slice(0, 8));
  });
}

/** A view of whatever stands in a slot: a module, a list or an object of modules. */
export function slotView(source: ViewSource, slot: Slot, path: string): object {
  if (!isContainer(slot)) return moduleView(source, slot);
  const { container, entries } = slot;
  if (!Array.isArray(container)) {
    return polite({}, path, (key) => {
      const inner = entries.get(key);
      if (inner) return slotView(source, inner, `${path}.${key}`);
      throw new UnknownSiteError(`${path}.${key}`, [...entries.keys()]);
    });
  }
  const { length } = container;
  const at = (index: number) => {
    const inner = entries.get(String(index < 0 ? index + length : index));
    if (inner) return slotView(source, inner, `${path}.${index < 0 ? index + length : index}`);
    throw new OutOfRangeError(path, index, length, "this list");
  };
  const list = {
    length,
    *[Symbol.iterator]() {
      for (let index = 0; index < length; index++) yield at(index);
    },
  };
  return polite(list, path, (key) => {
    if (/^-?\d+$/.test(key)) return at(Number(key));
    throw new UnknownSiteError(`${path}.${key}`, [`${path}.0`, `${path}.${length - 1}`]);
  });
}

/** A proxy that answers the questions every runtime asks, and says clearly what it does not know. */
function polite(own: object, path: string, find: (key: string) => unknown): object {
  const found = new Map<string, unknown>();
  return new Proxy(own, {
    get: (target, key, receiver) => {
      if (key === inspect.custom) return () => `[site ${path}]`;
      if (key === Symbol.toPrimitive || key === "toString") return () => `[site ${path}]`;
      if (typeof key === "symbol" || silent.has(key)) return Reflect.get(target, key, receiver);
      if (key in target) return Reflect.get(target, key, receiver);
      if (!found.has(key)) found.set(key, find(key));
      return found.get(key);
    },
    set: (_target, key) => {
      throw new ReadOnlySiteError(
        key === "output" || key === "input" ? path : `${path}.${String(key)}`,
      );
    },
    deleteProperty: (_target, key) => {
      throw new ReadOnlySiteError(`${path}.${String(key)}`);
    },
  });
}
