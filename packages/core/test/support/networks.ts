/** Small networks of plain layers that the tests look into. */
import { type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";

/** Two projections around a nonlinearity, added to what came in. */
export class Block extends nn.Module {
  up: Linear;
  down: Linear;

  constructor(width: number) {
    super();
    this.up = new nn.Linear(width, 2 * width);
    this.down = new nn.Linear(2 * width, width);
  }

  get siteNotes() {
    return { input: { hook: "hook_resid_pre" }, output: { hook: "hook_resid_post" } } as const;
  }

  override forward(x: MxArray): MxArray {
    return mx.add(x, this.down.forward(nn.relu(this.up.forward(x))));
  }
}

/** Blocks in a list, then a head: float arrays in, float arrays out. */
export class Stack extends nn.Module {
  layers: Block[];
  head: Linear;

  constructor(depth = 3, width = 4) {
    super();
    this.layers = Array.from({ length: depth }, () => new Block(width));
    this.head = new nn.Linear(width, width);
  }

  get siteNotes() {
    return { "layers.*": { inside: "blocks.*" } } as const;
  }

  override forward(x: MxArray): MxArray {
    let y = x;
    for (const layer of this.layers) y = layer.forward(y);
    return this.head.forward(y);
  }
}

/** Adds a number, so that what a chain of modules computes can be worked out in the head. */
export class Add extends nn.Module {
  constructor(public amount: number) {
    super();
  }

  override forward(x: MxArray): MxArray {
    return mx.add(x, this.amount);
  }
}

/** Modules one after the other. */
export class Chain extends nn.Module {
  parts: Add[];

  constructor(...amounts: number[]) {
    super();
    this.parts = amounts.map((amount) => new Add(amount));
  }

  override forward(x: MxArray): MxArray {
    return this.parts.reduce((y, part) => part.forward(y), x);
  }
}

/** (rows, columns) of numbers that differ from each other. */
export function numbers(...shape: number[]): MxArray {
  const count = shape.reduce((product, size) => product * size, 1);
  return mx.divide(mx.arange(0, count, 1, mx.float32).reshape(shape), count);
}
