/** Runs a forward under observation without writing to the modules: a stand-in for each, made once per model. */
import { isMap, isSet } from "@mlxterp/mlx";
import { type Container, isCollection, isContainerValue, sizeOf } from "../tree/containers.js";
import { isModule, type ModuleNode } from "../tree/module-node.js";
import type { ModuleTree } from "../tree/module-tree.js";
import { noteStandIn, originalOf } from "../tree/originals.js";
import { Tap } from "../tree/tap.js";
import { collectionStandIn, isLookup } from "./collection-stand-in.js";
import { ListStandIn, objectStandIn } from "./container-stand-ins.js";
import { ModuleStandIn } from "./module-stand-in.js";
import { ObservedTap } from "./observed-tap.js";
import type { Pass } from "./pass.js";

/** The observed face of one model. Forwards are synchronous, so one current pass is enough. */
export class Interceptor {
  pass: Pass | undefined;
  private version = 0;
  private standIns: (object | undefined)[] = [];
  private lists: ListStandIn[] = [];
  /** The user's lists that were empty when the open pass came upon them. */
  private readonly filled = new Set<unknown[]>();
  /** Modules that forwards came upon, but that stand nowhere in the tree. */
  private readonly strangers = new WeakSet<object>();
  /** Lists and plain objects without modules, with the size they had when that was found. */
  private plain = new WeakMap<object, number>();

  constructor(readonly tree: ModuleTree) {}

  /** Calls the root's forward with every module call going through the pass. */
  run(pass: Pass, args: readonly unknown[]): unknown {
    const outer = this.pass;
    this.pass = pass;
    try {
      for (const list of this.lists) list.refresh();
      const root = this.observe(this.tree.root) as {
        forward(...args: readonly unknown[]): unknown;
      };
      return root.forward(...args);
    } finally {
      this.pass = outer;
      for (const list of this.lists) list.writeBack();
      if (outer === undefined) this.tidyFilled();
    }
  }

  /** Takes stand-ins out of the user's lists that were empty before. */
  private tidyFilled(): void {
    for (const list of this.filled) {
      list.forEach((item, index) => {
        if (originalOf(item) !== item) list[index] = originalOf(item);
      });
    }
    this.filled.clear();
  }

  /** Runs something that may call modules, but is no part of the open pass. */
  outside<T>(use: () => T): T {
    const open = this.pass;
    this.pass = undefined;
    try {
      return use();
    } finally {
      this.pass = open;
    }
  }

  /** Runs something within the open pass, but without its interventions and unseen by its readers. */
  unchanged<T>(use: () => T): T {
    const open = this.pass;
    this.pass = open?.unchanged();
    try {
      return use();
    } finally {
      this.pass = open;
    }
  }

  /** Whether the open pass changes a module, or one below it. */
  changesWithin({ path }: ModuleNode): boolean {
    const { pass } = this;
    if (!pass) return false;
    const inside = (other: string) => other === path || other.startsWith(`${path}.`);
    return this.tree.nodes.some((node) => inside(node.path) && pass.changes(node));
  }

  /** The stand-in of a module. */
  observe(node: ModuleNode): object {
    if (this.version !== this.tree.version) {
      this.version = this.tree.version;
      this.standIns = [];
      this.lists = [];
      this.plain = new WeakMap();
    }
    const known = this.standIns[node.index];
    if (known !== undefined) return known;
    const standIn = noteStandIn(this.create(node), node.standsFor ?? node.module);
    this.standIns[node.index] = standIn;
    return standIn;
  }

  /** What a forward shall see where `value` stands: a stand-in, if it is a module of the tree or leads to some. */
  standInFor(path: string, value: object): object {
    if (isModule(value)) {
      const node = this.nodeOf(path, value);
      return node ? this.observe(node) : value;
    }
    if (isLookup(value) || isCollection(value)) {
      return noteStandIn(collectionStandIn(path, value, this), value);
    }
    if (Array.isArray(value) && this.filled.has(value)) return value;
    const empty = isContainerValue(value) && sizeOf(value) === 0;
    if (!empty && !this.leadsToModules(value)) return value;
    if (!Array.isArray(value)) return noteStandIn(objectStandIn(path, value, this), value);
    if (empty) return this.showEmpty(value);
    const list = new ListStandIn(path, value, this);
    this.lists.push(list);
    return noteStandIn(list.items, value);
  }

  /** An empty list is shown itself, since it may be there for activations, which must not be kept alive elsewhere. */
  private showEmpty(list: unknown[]): unknown[] {
    this.filled.add(list);
    return list;
  }

  private create(node: ModuleNode): object {
    const { module, standsFor } = node;
    if (standsFor instanceof Tap) {
      const { run } = new ModuleStandIn(node, this);
      return new ObservedTap(standsFor, node, { interceptor: this, run });
    }
    return module instanceof Tap && module.forward === Tap.prototype.forward
      ? new ObservedTap(module, node, { interceptor: this })
      : new ModuleStandIn(node, this).proxy;
  }

  /** By the path it was found under; else, where an accessor or a forward answered with it, by identity. */
  private nodeOf(path: string, module: object): ModuleNode | undefined {
    const search = () => {
      const node = this.tree.byPath.get(path);
      return node && (node.standsFor ?? node.module) === module
        ? node
        : this.tree.nodes.find((other) => other.module === module);
    };
    const found = search();
    if (found || this.strangers.has(module)) return found;
    this.tree.rescan();
    const again = search();
    if (!again) this.strangers.add(module);
    return again;
  }

  private leadsToModules(value: object): boolean {
    if (!isContainerValue(value) || this.plain.get(value) === sizeOf(value)) return false;
    this.plain.set(value, sizeOf(value)); // first, so that an object within itself ends the search
    const found = contentsOf(value).some(
      (item: unknown) =>
        typeof item === "object" && item !== null && (isModule(item) || this.leadsToModules(item)),
    );
    if (found) this.plain.delete(value);
    return found;
  }
}

/** All that a container holds, the keys of a map among them. */
function contentsOf(container: Container): unknown[] {
  if (isMap(container)) return [...container].flat();
  return isSet(container) ? [...container] : Object.values(container);
}
