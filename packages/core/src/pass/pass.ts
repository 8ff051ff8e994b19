/** One forward under observation: counts calls, applies changes, keeps the values that may be read. */
import type { MxArray } from "@mlxterp/mlx";
import { SiteNotReachedError } from "../errors.js";
import type { ModuleNode, ModuleTree } from "../sites/module-tree.js";
import type { Site } from "../sites/resolver.js";
import { applyChanges, type ChangeTable, type PassFacts } from "./changes.js";
import { arrayInside } from "./nested.js";

/** One value of one site. */
export interface Captured {
  /** Which call of the module it belongs to. */
  readonly call: number;
  readonly value: MxArray;
}

const keepOutput = 1;
const keepInput = 2;

/** What a pass is made from. */
export interface PassPlan {
  readonly facts: PassFacts;
  readonly changes: ChangeTable;
  /** The sites that will be read; undefined keeps every handle until the pass is released. */
  readonly wanted: readonly Site[] | undefined;
}

/** The record of one forward. */
export class Pass {
  private readonly calls: Int32Array;
  private readonly keep: Uint8Array | undefined;
  private outputs: unknown[][] = [];
  private inputs: unknown[][] = [];
  private derived: (MxArray | (() => MxArray) | undefined)[] = [];
  /** Things a user should know about how this pass was observed. */
  readonly notes: string[] = [];

  constructor(
    tree: ModuleTree,
    private readonly plan: PassPlan,
  ) {
    this.calls = new Int32Array(tree.nodes.length);
    if (plan.wanted) {
      this.keep = new Uint8Array(tree.nodes.length);
      for (const { node, port } of plan.wanted) {
        this.keep[node.index] |= port.kind === "input" ? keepInput : keepOutput;
      }
    }
  }

  /** Whether this pass changes a module's output. */
  changes(node: ModuleNode): boolean {
    const changes = this.plan.changes[node.index];
    return changes !== undefined && (changes.output.length > 0 || changes.input.length > 0);
  }

  /** Runs one call of a module: input changes, the module's own forward, output changes, record. */
  call(node: ModuleNode, args: unknown[], forward: (args: unknown[]) => unknown): unknown {
    const { index } = node;
    const call = this.calls[index]++;
    const changes = this.plan.changes[index];
    let inputs = args;
    if (changes !== undefined && changes.input.length > 0) {
      inputs = applyChanges(changes.input, args, call, this.plan.facts) as unknown[];
    }
    let output = forward(inputs);
    if (changes !== undefined && changes.output.length > 0) {
      output = applyChanges(changes.output, output, call, this.plan.facts);
    }
    const keep = this.keep === undefined ? keepOutput | keepInput : this.keep[index];
    if (keep & keepOutput) this.put(this.outputs, index, call, output);
    if (keep & keepInput) this.put(this.inputs, index, call, inputs);
    return output;
  }

  /** Takes a reader's-only value of a tap. */
  derive(node: ModuleNode, build: () => MxArray): void {
    if (this.keep === undefined || this.keep[node.index] & keepOutput) {
      this.derived[node.index] = build;
    }
  }

  private put(table: unknown[][], index: number, call: number, value: unknown): void {
    if (call === 0) table[index] = [value];
    else table[index].push(value);
  }

  /** The values of a site, one for each call; empty when its module was not called. */
  read(site: Site): Captured[] {
    const { index } = site.node;
    const values = (site.port.kind === "output" ? this.outputs : this.inputs)[index];
    if (values === undefined) return this.readDerived(site);
    const all = values.map((value, call) => ({ call, value: this.arrayOf(site, value) }));
    return site.call === undefined ? all : all.filter(({ call }) => call === site.call);
  }

  private readDerived(site: Site): Captured[] {
    const derived = this.derived[site.node.index];
    if (derived === undefined || (site.call ?? 0) !== 0) return [];
    const value = typeof derived === "function" ? derived() : derived;
    this.derived[site.node.index] = value;
    return [{ call: 0, value }];
  }

  private arrayOf(site: Site, value: unknown): MxArray {
    const array = arrayInside(value, site.port.element);
    if (array) return array;
    throw new SiteNotReachedError(site.name, "there is no array at this place.");
  }

  /** Builds derived values now, for the sites that were asked for; called outside the forward. */
  settle(): void {
    for (const site of this.plan.wanted ?? []) this.readDerived(site);
  }

  /** Lets go of every value. */
  release(): void {
    this.outputs = [];
    this.inputs = [];
    this.derived = [];
  }
}
