/** How many bytes passes make, which tells whether a collection between them pays. */
import { type MxArray, mx } from "@mlxterp/mlx";

/** Modules make some more arrays of the size of what they return. */
const perReturned = 4;

/** How many shapes of inputs are remembered. */
const remembered = 64;

/** What the modules of one pass return, added up: looking at each takes about a microsecond. */
export class PassSize {
  private returned = 0;
  /** Whether it is still to be told what modules return. */
  open = true;

  /** @param key the shape of what is fed; undefined where that is no array */
  constructor(readonly key: string | undefined) {
    this.open = key !== undefined;
  }

  /** What is neither an array nor nothing is not looked into. */
  add(output: unknown): void {
    if (output === undefined) return;
    this.returned += output instanceof mx.array ? (output as MxArray).nbytes : Infinity;
  }

  /** Infinite where it is not known. */
  get bytes(): number {
    return this.key === undefined ? Infinity : perReturned * this.returned;
  }
}

/** The sizes of a model's passes, by the shape of what is fed; what interventions add is not seen. */
export class PassSizes {
  private readonly known = new Map<string, PassSize>();

  of([input]: readonly unknown[]): PassSize {
    const key = input instanceof mx.array ? (input as MxArray).shape.join() : undefined;
    const found = key === undefined ? undefined : this.known.get(key);
    return found ?? new PassSize(key);
  }

  /** Takes the size of a pass that has come to its end. */
  keep(size: PassSize): void {
    if (!size.open || size.key === undefined) return;
    size.open = false;
    if (this.known.size >= remembered) this.known.clear();
    this.known.set(size.key, size);
  }
}
