/** One forward under observation: counts calls, applies changes, keeps the values that may be read. */
import type { MxArray } from "@mlxterp/mlx";
import { SiteNotReachedError } from "../errors.js";
import type { Site } from "../sites/site.js";
import type { ModuleNode } from "../tree/module-node.js";
import { applyChanges, type ChangePlan, type ChangeProgress } from "./changes.js";
import type { PassFacts } from "./facts.js";
import type { Intervention } from "./intervention.js";
import { arrayInside, ownHandle } from "./nested.js";
import type { PassSize } from "./pass-sizes.js";
import { runOrSkip } from "./skip.js";
import { requireSynchronous } from "./synchronous.js";

/** One value of one site. */
export interface Captured {
  /** Which call of the module it belongs to. */
  readonly call: number;
  /** Under a handle of its own: changing it in place reaches nobody else. */
  readonly value: MxArray;
  /** Grows in the order in which values come about during the forward. */
  readonly order: number;
  /** The interventions that have yet to act on it; none once the forward has run. */
  readonly pending: readonly Intervention[];
}

/** Stands for the output of a call that has not ended. */
const unfinished = Symbol("unfinished");

/** One call of a module, noted when it begins: interventions further inside may read its inputs. */
interface Call {
  /** How many calls had ended when it began; an input is there from then on. */
  readonly began: number;
  ended: number;
  inputs: unknown;
  output: unknown;
  /** While interventions act on the inputs or the output. */
  acting:
    | { readonly on: "inputs" | "output"; readonly pending: readonly Intervention[] }
    | undefined;
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
  readonly size: PassSize;
}

/** The record of one forward. */
export class Pass {
  /** By node index: how often the module was called. */
  private readonly counts: number[];
  /** By node index: the calls to keep, a list where there are several. */
  private calls: (Call | Call[] | undefined)[];
  private readonly keep: readonly boolean[] | undefined;
  /** How many calls have ended. */
  private ended = 0;
  /** How many bytes the forward makes. */
  readonly size: PassSize;
  /** Things a user should know about how this pass was observed. */
  readonly notes: string[] = [];
  /** Whether the forward is at work, so that values are still to come. */
  running = false;

  /** @param size how long a table by node index must be */
  constructor(
    size: number,
    private readonly plan: PassPlan,
  ) {
    this.size = plan.size;
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

  /** Whether a module has been called. */
  called({ index }: ModuleNode): boolean {
    return (this.counts[index] ?? 0) > 0;
  }

  /** A pass that belongs to this one, but changes nothing and keeps nothing. */
  unchanged(): Pass {
    const { facts, size } = this.plan;
    return new Pass(this.counts.length, {
      facts,
      size,
      changes: { requests: [], table: [] },
      wanted: [],
    });
  }

  /** Runs one call of a module: input changes, the module's own forward, output changes, record. */
  call(
    { index, path }: ModuleNode,
    args: unknown[],
    forward: (args: unknown[]) => unknown,
  ): unknown {
    const number = this.count(index);
    const call = this.begin(index, args);
    const changes = this.plan.changes.table[index];
    if (changes === undefined) return this.end(call, requireSynchronous(path, forward(args)));
    const { facts } = this.plan;
    const [before, after] = [progressOf(call, "inputs"), progressOf(call, "output")];
    const inputs = applyChanges(changes.input, args, number, facts, before) as unknown[];
    before?.(inputs, []);
    const produced = requireSynchronous(path, runOrSkip(changes.skips, number, inputs, forward));
    return this.end(call, applyChanges(changes.output, produced, number, facts, after));
  }

  /** Notes something that a user should know, once. */
  note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text);
  }

  /** Takes a reader's-only value of a tap. */
  derive({ index }: ModuleNode, build: () => MxArray): void {
    this.count(index);
    this.end(this.begin(index, undefined, build), undefined);
  }

  private count(index: number): number {
    const call = this.counts[index] ?? 0; // undefined for a module that came into the tree during this pass
    this.counts[index] = call + 1;
    return call;
  }

  /** @returns the record of a call; none where nobody will read it */
  private begin(index: number, inputs: unknown, build?: Call["build"]): Call | undefined {
    if (this.keep !== undefined && !this.keep[index]) return undefined;
    const call: Call = {
      inputs,
      output: unfinished,
      began: this.ended,
      ended: 0,
      acting: undefined,
      build,
      derived: undefined,
    };
    const earlier = this.calls[index];
    if (earlier === undefined) this.calls[index] = call;
    else if (Array.isArray(earlier)) earlier.push(call);
    else this.calls[index] = [earlier, call];
    return call;
  }

  private end(call: Call | undefined, output: unknown): unknown {
    this.ended++;
    if (this.size.open) this.size.add(output);
    if (call === undefined) return output;
    call.ended = this.ended;
    call.output = output;
    call.acting = undefined;
    return output;
  }

  /** The values of a site, one for each call; empty when its module was not called. */
  read(site: Site): Captured[] {
    const recorded = this.calls[site.node.index] ?? [];
    return (Array.isArray(recorded) ? recorded : [recorded])
      .map((call, number) => ({ call, number }))
      .filter(({ number }) => site.call === undefined || site.call === number)
      .filter(({ call }) => placeOf(site, call) !== unfinished)
      .map(({ call, number }) => ({
        call: number,
        value: ownHandle(valueAt(site, call)),
        order: site.port.kind === "input" ? call.began : call.ended,
        pending: call.acting?.on === portOf(site) ? call.acting.pending : [],
      }));
  }

  /** The very arrays of a site, to be looked at and not handed on; none where a call was left without one. */
  glance(site: Site): Pick<Captured, "call" | "value">[] {
    const found: Pick<Captured, "call" | "value">[] = [];
    for (const [call, record] of [this.calls[site.node.index] ?? []].flat().entries()) {
      if (placeOf(site, record) === unfinished) continue;
      const value = arrayAt(site, record);
      if (value === undefined) return [];
      found.push({ call, value });
    }
    return found;
  }

  /** Lets go of every value. */
  release(): void {
    this.calls = [];
  }
}

/** Keeps a call up to date while interventions act on it. */
function progressOf(call: Call | undefined, on: "inputs" | "output"): ChangeProgress | undefined {
  if (call === undefined) return undefined;
  return (value, pending) => {
    call[on] = value;
    call.acting = { on, pending };
  };
}

function portOf({ port }: Site): "inputs" | "output" {
  return port.kind === "output" ? "output" : "inputs";
}

function placeOf(site: Site, call: Call): unknown {
  return call[portOf(site)];
}

function valueAt(site: Site, call: Call): MxArray {
  const array = arrayAt(site, call);
  if (array) return array;
  throw new SiteNotReachedError(site.name, "there is no array at this place.");
}

function arrayAt(site: Site, call: Call): MxArray | undefined {
  if (!call.build) return arrayInside(placeOf(site, call), site.port.element);
  call.derived ??= call.build(); // a tap's input and output are one
  return call.derived;
}
