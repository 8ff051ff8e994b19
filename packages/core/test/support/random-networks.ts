/** Random networks, described by data so that fast-check can print and shrink them; all keep the shape (rows, 2). */
import { type Module, type MxArray, mx, nn } from "@mlxterp/mlx";
import fc from "fast-check";
import { arrayInside } from "../../src/pass/nested.js";
import { Tap } from "../../src/tree/tap.js";

const styles = ["plain", "private", "arrow", "tuple", "recursive", "frozen", "sealed"] as const;

/** One module. */
export type Plan =
  | { readonly leaf: "add" | "linear" | "norm" | "relu" | "tap" | "same"; readonly amount: number }
  /** One that stands elsewhere too. */
  | { readonly shared: number }
  | {
      readonly style: (typeof styles)[number];
      readonly list: readonly (Plan | readonly Plan[])[];
      readonly named: Readonly<Record<string, Plan>>;
      readonly keyed: readonly Plan[];
      readonly repeat: number;
    };

/** Lets one of the next calls of a leaf fail. */
export const fuse = { left: Number.POSITIVE_INFINITY };

/** What fails on purpose. */
export class PlannedError extends Error {}

class Leaf extends nn.Module {
  constructor(
    readonly kind: string,
    readonly amount: number,
  ) {
    super();
  }

  override forward(x: MxArray): MxArray {
    if (fuse.left-- <= 0) throw new PlannedError("inside a forward");
    if (this.kind === "same") return x;
    return this.kind === "relu" ? mx.maximum(x, 0) : mx.add(x, this.amount);
  }
}

/** Calls its children one after the other, wherever they are kept. */
class Group extends nn.Module {
  list: (Module | Module[])[] = [];
  named: Record<string, Module> = {};
  keyed = new Map<string, Module>();
  repeat = 1;

  override forward(x: MxArray, left = this.repeat): unknown {
    return left === 0 ? x : this.forward(this.once(x), left - 1);
  }

  once(x: MxArray): MxArray {
    const children = [
      ...this.list.flat(),
      ...Object.values(this.named),
      ...this.keyed.values(),
    ] as Module[];
    return children.reduce((y, child) => arrayInside(child.forward(y))!, x);
  }
}

class LoopGroup extends Group {
  override forward(x: MxArray): unknown {
    let y = x;
    for (let call = 0; call < this.repeat; call++) y = this.once(y);
    return y;
  }
}

class PrivateGroup extends LoopGroup {
  #calls = 0;

  override once(x: MxArray): MxArray {
    this.#calls += 1;
    return this.#calls > 0 ? super.once(x) : x;
  }
}

class ArrowGroup extends LoopGroup {
  run = (x: MxArray): MxArray => super.once(x);

  override once(x: MxArray): MxArray {
    return this.run(x);
  }
}

class TupleGroup extends LoopGroup {
  override forward(x: MxArray): unknown {
    const y = super.forward(x) as MxArray;
    return [y, { double: mx.multiply(y, 2) }];
  }
}

const classes = {
  plain: LoopGroup,
  private: PrivateGroup,
  arrow: ArrowGroup,
  tuple: TupleGroup,
  recursive: Group,
  frozen: LoopGroup,
  sealed: PrivateGroup,
};

const leaf = fc.record({
  leaf: fc.constantFrom("add", "linear", "norm", "relu", "tap", "same"),
  amount: fc.integer({ min: -3, max: 3 }),
});

const { group } = fc.letrec<{ plan: Plan; group: Plan }>((tie) => ({
  plan: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf as fc.Arbitrary<Plan>,
    fc.record({ shared: fc.nat(9) }),
    tie("group"),
  ),
  group: fc.record({
    style: fc.constantFrom(...styles),
    list: fc.array(fc.oneof(tie("plan"), fc.array(tie("plan"), { maxLength: 2 })), {
      maxLength: 3,
    }),
    named: fc.dictionary(fc.constantFrom("a", "b", "output"), tie("plan"), { maxKeys: 2 }),
    keyed: fc.array(tie("plan"), { maxLength: 2 }),
    repeat: fc.integer({ min: 1, max: 2 }),
  }) as fc.Arbitrary<Plan>,
}));

/** Networks whose root has children, most of the time. */
export const networkPlans: fc.Arbitrary<Plan> = fc.oneof(
  { weight: 1, arbitrary: group },
  { weight: 4, arbitrary: group.filter((plan) => "list" in plan && plan.list.length > 1) },
);

export function buildNetwork(plan: Plan): Module {
  const made: Module[] = [];
  const build = (part: Plan): Module => {
    const module = create(part);
    made.push(module);
    return module;
  };
  const create = (part: Plan): Module => {
    if ("shared" in part) return made[part.shared % made.length] ?? new Leaf("add", 1);
    if ("leaf" in part) return createLeaf(part.leaf, part.amount);
    const { style, repeat } = part;
    const list = part.list.map((item) => ("length" in item ? item.map(build) : build(item)));
    const named = Object.entries(part.named).map(([key, inner]) => [key, build(inner)] as const);
    const keyed = part.keyed.map((inner, index) => [`k${index}`, build(inner)] as const);
    const module = Object.assign(new classes[style](), { list, repeat });
    Object.assign(module, { named: Object.fromEntries(named), keyed: new Map(keyed) });
    if (style === "frozen" || style === "sealed") freeze(module, module.list, module.named);
    return module;
  };
  mx.random.seed(3); // of the weights
  return build(plan);
}

function freeze(...objects: object[]): void {
  for (const one of objects) Object.freeze(one);
}

function createLeaf(kind: string, amount: number): Module {
  if (kind === "linear") return new nn.Linear(2, 2);
  if (kind === "norm") return new nn.LayerNorm(2);
  return kind === "tap" ? new Tap(["batch", "hidden"]) : new Leaf(kind, amount);
}
