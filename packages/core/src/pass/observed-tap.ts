/** What stands in for a tap during a pass. */
import type { MxArray } from "@mlxterp/mlx";
import type { ModuleNode } from "../sites/module-node.js";
import { Tap } from "../tap.js";
import type { Interceptor } from "./interceptor.js";

export class ObservedTap extends Tap {
  readonly #node: ModuleNode;
  readonly #interceptor: Interceptor;

  constructor(tap: Tap, node: ModuleNode, interceptor: Interceptor) {
    super(tap.axes);
    this.#node = node;
    this.#interceptor = interceptor;
  }

  override forward(x: MxArray): MxArray {
    const { pass } = this.#interceptor;
    return pass === undefined ? x : (pass.call(this.#node, [x], first) as MxArray);
  }

  override get changed(): boolean {
    return this.#interceptor.pass?.changes(this.#node) ?? false;
  }

  override derive(build: () => MxArray): void {
    this.#interceptor.pass?.derive(this.#node, build);
  }
}

const first = (args: unknown[]): unknown => args[0];
