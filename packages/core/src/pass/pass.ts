/** One forward under observation: counts calls, applies changes, keeps the values that may be read. */
import type { MxArray } from "@mlxterp/mlx";
import { SiteNotReachedError } from "../errors.js";
import type { ModuleNode } from "../sites/module-node.js";
import type { Site } from "../sites/site.js";
import { applyChanges, type ChangePlan } from "./changes.js";
import type { PassFacts } from "./facts.js";
import { arrayInside, ownHandle } from "./nested.js";

/** One value of one site. */
export interface Captured {
  /** Which call of the module it belongs to. */
  readonly call: number;
  /** Under a handle of its own: changing it in place reaches nobody else. */
  readonly value: MxArray;
}

/** One call of a module. */
interface Call {
  readonly inputs: unknown;
  readonly output: unknown;
  /** Builds the value of a tap that the forward passed by. */
  build: (() => MxArray) | undefined;
  derived: MxArray | undefined;
}

/** What a pass is made from. */
export interface PassPlan {
  readonly facts: PassFacts;
  readonly changes: ChangePlan;
  /** The sites that will be read; undefined keeps every handle until the pass is released. */
  readonly wanted: readonly Site[] | undefined;
}

/** The record of one forward. */
export class Pass {
  /** By node index: how often the module was called. */
  private readonly counts: number[];
  /** By node index: the calls to keep, a list where there are several. */
  private calls: (Call | Call[] | undefined)[];
  private readonly keep: readonly boolean[] | undefined;
  /** Things a user should know about how this pass was observed. */
  readonly notes: string[] = [];

  /** @param size how long a table by node index must be */
  constructor(
    size: number,
    private readonly plan: PassPlan,
  ) {
    this.counts = new Array<number>(size).fill(0);
    this.calls = new Array<undefined>(size).fill(undefined);
    if (!plan.wanted) return;
    const keep = new Array<boolean>(size).fill(false);
    for (const { node } of plan.wanted) keep[node.index] = true;
    this.keep = keep;
  }

  /** Whether this pass changes a module's input or output. */
  changes({ index }: ModuleNode): boolean {
    return this.plan.changes.table[index] !== undefined;
  }

  /** Runs one call of a module: input changes, the module's own forward, output changes, record. */
  call({ index }: ModuleNode, args: unknown[], forward: (args: unknown[]) => unknown): unknown {
    const call = this.count(index);
    const changes = this.plan.changes.table[index];
    if (changes === undefined) {
      const output = forward(args);
      this.record(index, args, output, undefined);
      return output;
    }
    const { facts } = this.plan;
    const inputs = applyChanges(changes.input, args, call, facts) as unknown[];
    const output = applyChanges(changes.output, forward(inputs), call, facts);
    this.record(index, inputs, output, undefined);
    return output;
  }

  /** Takes a reader's-only value of a tap. */
  derive({ index }: ModuleNode, build: () => MxArray): void {
    this.count(index);
    this.record(index, undefined, undefined, build);
  }

  private count(index: number): number {
    const call = this.counts[index] ?? 0; // undefined for a module that came into the tree during this pass
    this.counts[index] = call + 1;
    return call;
  }

  private record(index: number, inputs: unknown, output: unknown, build: Call["build"]): void {
    if (this.keep !== undefined && !this.keep[index]) return;
    const call: Call = { inputs, output, build, derived: undefined };
    const earlier = this.calls[index];
    if (earlier === undefined) this.calls[index] = call;
    else if (Array.isArray(earlier)) earlier.push(call);
    else this.calls[index] = [earlier, call];
  }

  /** The values of a site, one for each call; empty when its module was not called. */
  read(site: Site): Captured[] {
    const recorded = this.calls[site.node.index] ?? [];
    return (Array.isArray(recorded) ? recorded : [recorded])
      .map((call, number) => ({ call, number }))
      .filter(({ number }) => site.call === undefined || site.call === number)
      .map(({ call, number }) => ({ call: number, value: ownHandle(valueAt(site, call)) }));
  }

  /** Lets go of every value. */
  release(): void {
    this.calls = [];
  }
}

function valueAt({ port, name }: Site, call: Call): MxArray {
  if (call.build) {
    call.derived ??= call.build(); // a tap's input and output are one
    return call.derived;
  }
  const array = arrayInside(port.kind === "output" ? call.output : call.inputs, port.element);
  if (array) return array;
  throw new SiteNotReachedError(name, "there is no array at this place.");
}
