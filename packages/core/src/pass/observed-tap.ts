/** What stands in for a tap during a pass. */
import type { MxArray } from "@mlxterp/mlx";
import type { ModuleNode } from "../tree/module-node.js";
import { Tap } from "../tree/tap.js";
import type { Interceptor } from "./interceptor.js";
import { splicedRun } from "./run-splice.js";

interface TapParts {
  readonly interceptor: Interceptor;
  /** Runs the module that an edit has put in the tap's place. */
  readonly run?: (args: unknown[]) => unknown;
}

export class ObservedTap extends Tap {
  readonly #node: ModuleNode;
  readonly #interceptor: Interceptor;
  readonly #run: (args: unknown[]) => unknown;
  /** Whether an edit has put something else here. */
  readonly #edited: boolean;

  constructor(tap: Tap, node: ModuleNode, { interceptor, run }: TapParts) {
    super(tap.axes);
    this.#node = node;
    this.#interceptor = interceptor;
    this.#run = run ?? splicedRun(node, interceptor, first);
    this.#edited = run !== undefined || node.splice !== undefined;
  }

  override forward(x: MxArray): MxArray {
    const { pass } = this.#interceptor;
    return pass === undefined ? x : (pass.call(this.#node, [x], this.#run) as MxArray);
  }

  override get changed(): boolean {
    return this.#edited || (this.#interceptor.pass?.changes(this.#node) ?? false);
  }

  override derive(build: () => MxArray): void {
    this.#interceptor.pass?.derive(this.#node, build);
  }
}

const first = (args: unknown[]): unknown => args[0];
