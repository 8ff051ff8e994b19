/** The tree of named modules below a root: what exists, under which path. The modules themselves are never touched. */
import type { Module } from "@mlxterp/mlx";
import { checkPlaces } from "./check-plan.js";
import { sizeOf } from "./containers.js";
import type { ModuleNode } from "./module-node.js";
import { originalOf } from "./originals.js";
import type { ModulePlan } from "./plan.js";
import { readTree, type TreeReading } from "./read-tree.js";

/** All modules below a root, found in properties, lists, nested lists and plain objects. */
export class ModuleTree {
  private reading: TreeReading;
  private readonly numbers = new Map<string, number>();
  /** Grows with every change of the tree; tables made from it compare this number. */
  version = 0;

  /** @param plan the modules that edits put in the place of others, or beside them */
  constructor(
    private readonly module: Module,
    private readonly plan?: ModulePlan,
  ) {
    this.reading = this.read();
  }

  get root(): ModuleNode {
    return this.reading.nodes[0];
  }

  /** Every module, parents before children. */
  get nodes(): readonly ModuleNode[] {
    return this.reading.nodes;
  }

  get byPath(): ReadonlyMap<string, ModuleNode> {
    return this.reading.byPath;
  }

  /** How long a table by node index must be. */
  get size(): number {
    return this.numbers.size;
  }

  /** Looks whether the user has exchanged or added modules, and reads the tree again if so: some microseconds. */
  refresh(): void {
    if (hasChanged(this.reading)) this.rescan();
  }

  /** Reads the whole tree again, new names included. */
  rescan(): void {
    const reading = this.read();
    if (sameTree(reading, this.reading)) return;
    this.reading = reading;
    this.version++;
  }

  private read(): TreeReading {
    const number = (path: string) => {
      const known = this.numbers.get(path);
      if (known !== undefined) return known;
      this.numbers.set(path, this.numbers.size);
      return this.numbers.size - 1;
    };
    const reading = readTree(this.module, number, this.plan);
    if (this.plan) checkPlaces(this.plan, reading.byPath);
    return reading;
  }
}

function hasChanged({ watched, counted }: TreeReading): boolean {
  for (const { holder, key, occupant } of watched) {
    const found = holder[key];
    if (found !== occupant && originalOf(found) !== occupant) return true;
  }
  return counted.some(({ container, size }) => sizeOf(container) !== size);
}

function sameTree(one: TreeReading, other: TreeReading): boolean {
  return (
    one.nodes.length === other.nodes.length &&
    one.watched.length === other.watched.length &&
    one.counted.length === other.counted.length &&
    one.nodes.every(({ path, module, standsFor }, index) => {
      const node = other.nodes[index];
      return path === node.path && module === node.module && standsFor === node.standsFor;
    }) &&
    one.counted.every(({ container, size }, index) => {
      const counted = other.counted[index];
      return container === counted.container && size === counted.size;
    })
  );
}
