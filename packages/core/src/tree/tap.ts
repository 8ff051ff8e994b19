/** A named point inside a forward that is not a module's input or output. */
import { type MxArray, nn } from "@mlxterp/mlx";
import type { Axes } from "../axes.js";

/** What a tap says of its site. */
export interface TapNote<Hook extends string = string> {
  /** What it holds, in one sentence. */
  readonly holds: string;
  /** Its name in TransformerLens, after the names of the modules around it, which their `siteNotes` give. */
  readonly hook?: Hook | readonly Hook[];
}

/**
 * An identity module: `this.pattern.forward(weights)` makes `pattern` a site that a trace can read and change.
 * Outside a trace it costs one function call.
 *
 * @example
 * class Block extends nn.Module {
 *   first = new nn.Linear(8, 8);
 *   middle = new Tap(["batch", "position", "hidden"]);
 *   second = new nn.Linear(8, 8);
 *   override forward(x: MxArray) {
 *     return this.second.forward(this.middle.forward(mx.add(x, this.first.forward(x))));
 *   }
 * }
 * await new InterpretableModel(new Block()).run(mx.ones([1, 3, 8]), { save: "middle" });
 */
export class Tap<
  const A extends Axes = Axes,
  const Hook extends string = string,
> extends nn.Module {
  // Private, so that the binding does not list them among the module's parameters.
  readonly #axes: A;
  readonly #note: TapNote<Hook> | undefined;

  /**
   * @param axes the axes of the value that passes through, outermost first
   * @param note what the site holds, and its other names
   */
  constructor(axes: A, note?: TapNote<Hook>) {
    super();
    this.#axes = axes;
    this.#note = note;
  }

  /** What the site holds, in one sentence; undefined where nobody said it. */
  get holds(): string | undefined {
    return this.#note?.holds;
  }

  /** What TransformerLens calls it, after the names of the modules around it. */
  get hooks(): readonly Hook[] {
    const hook = this.#note?.hook;
    return hook === undefined ? [] : ([hook].flat() as Hook[]);
  }

  get axes(): A {
    return this.#axes;
  }

  override forward(x: MxArray): MxArray {
    return x;
  }

  /**
   * Whether the open pass changes this tap. A forward may take a faster way that never builds the value
   * while this is false; the faster way then calls `derive`, so that the value can still be read.
   */
  get changed(): boolean {
    return false;
  }

  /** Offers the value to readers without putting it in the forward's way; built only when it is read. */
  derive(_build: () => MxArray): void {
    // Nobody reads outside a pass.
  }
}
