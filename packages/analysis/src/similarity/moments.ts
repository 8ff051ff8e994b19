/** Sums over rows that come batch by batch, of which similarities are made: what is held does not grow with the rows. */
import { evaluate, hostMatrices, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { correlationsOf, kept, type Measure, nuclear } from "./measures.js";
import { type Columns, squares, whitening } from "./spectra.js";

/** Sums of products are around the first batch's mean, so that a large mean hides no small spread. */
export interface Moments {
  /** Takes rows of both in, and of the second in another order. */
  add(
    own: readonly MxArray[],
    others: readonly MxArray[],
    order?: readonly number[],
  ): Promise<void>;
  readonly rows: number;
  /** Every one with every other, row by row: as they are, and in the other order. */
  similarities(measure: Measure): { readonly found: number[]; readonly chance: number[] };
}

/** @param same whether what is compared are the same arrays, whose sums are then made once */
export function createMoments(same: boolean): Moments {
  let shifts: readonly [MxArray[], MxArray[]] | undefined;
  const sums = new Map<string, Columns>();
  let rows = 0;
  return {
    async add(own, others, order) {
      const first = own.map((one) => mx.mean(one, 0, true));
      shifts ??= [first, same ? first : others.map((one) => mx.mean(one, 0, true))];
      const x = own.map((one, at) => mx.subtract(one, shifts![0][at]));
      const y = same ? x : others.map((one, at) => mx.subtract(one, shifts![1][at]));
      const products = productsOf(x, y, { same, order });
      await evaluate([...products.values(), ...shifts[0], ...shifts[1]]);
      for (const [name, product] of products) addTo(sums, name, product);
      rows += own[0].shape[0];
    },
    get rows() {
      return rows;
    },
    similarities: (measure) => compared(sums, rows, { same, measure }),
  };
}

interface Batch {
  readonly same: boolean;
  readonly order: readonly number[] | undefined;
}

/** By name: rows summed (1, width), products of one with itself, of pairs, and of pairs in the other order. */
function productsOf(
  x: readonly MxArray[],
  y: readonly MxArray[],
  { same, order }: Batch,
): Map<string, MxArray> {
  const found = new Map<string, MxArray>();
  const index = order && mx.array([...order], mx.int32);
  const mixed = index ? y.map((one) => mx.take(one, index, 0)) : [];
  for (const [side, all] of [x, ...(same ? [] : [y])].entries()) {
    for (const [at, one] of all.entries()) {
      found.set(`sum ${side} ${at}`, mx.sum(one, 0, true));
      found.set(`own ${side} ${at}`, mx.matmul(one.T, one));
    }
  }
  for (const [at, one] of x.entries()) {
    for (const [other, two] of y.entries()) {
      // (y, x), row by row: columns of (x, y)
      if (!same || at < other) found.set(`pair ${at} ${other}`, mx.matmul(two.T, one));
      if (index) found.set(`mixed ${at} ${other}`, mx.matmul(mixed[other].T, one));
    }
  }
  return found;
}

function addTo(sums: Map<string, Columns>, name: string, product: MxArray): void {
  const [count, rows] = product.shape;
  const own = toFlat(product);
  const before = sums.get(name)?.values;
  if (!before) sums.set(name, { rows, count, values: Float64Array.from(own) });
  else for (let at = 0; at < own.length; at++) before[at] += own[at];
}

/** One representation: its products around its mean, and what a measure makes of them. */
interface Side {
  readonly sum: Float64Array;
  /** What the measure of a pair is divided by, or turned with. */
  readonly size: number;
  readonly white?: Columns;
}

function compared(
  sums: ReadonlyMap<string, Columns>,
  rows: number,
  { same, measure }: { readonly same: boolean; readonly measure: Measure },
) {
  const side = (which: number) => sidesOf(sums, which, { rows, measure });
  const x = side(0);
  const y = same ? x : side(1);
  const between = (name: (one: number, two: number) => Columns | undefined) =>
    x.flatMap((one, at) =>
      y.flatMap((two, other) => {
        const pair = name(at, other);
        return pair ? [likeness(measure, around(pair, one.sum, two.sum, rows), one, two)] : [];
      }),
    );
  const pairOf = (one: number, two: number): Columns => {
    if (same && one === two) return sums.get(`own 0 ${one}`)!;
    if (!same || one < two) return sums.get(`pair ${one} ${two}`)!;
    return hostMatrices.transposed(sums.get(`pair ${two} ${one}`)!);
  };
  return { found: between(pairOf), chance: between((one, two) => sums.get(`mixed ${one} ${two}`)) };
}

function sidesOf(
  sums: ReadonlyMap<string, Columns>,
  which: number,
  { rows, measure }: { readonly rows: number; readonly measure: Measure },
): Side[] {
  const sides: Side[] = [];
  for (let at = 0; sums.has(`own ${which} ${at}`); at++) {
    const sum = sums.get(`sum ${which} ${at}`)!.values;
    const products = around(sums.get(`own ${which} ${at}`)!, sum, sum, rows);
    const trace = products.values.reduce((total, one, place) => total + (place % (products.rows + 1) === 0 ? one : 0), 0); // biome-ignore format: one line
    // so that the product of two sizes is what the pair is divided by
    const size = Math.sqrt(measure === "cka" ? squares(products) : trace);
    sides.push({ sum, size, ...(measure === "svcca" && { white: whitening(products, kept) }) }); // biome-ignore format: one call
  }
  return sides;
}

/** Products of what is around the means: those of the sums taken off. */
function around(products: Columns, x: Float64Array, y: Float64Array, rows: number): Columns {
  const values = Float64Array.from(products.values);
  for (let column = 0; column < products.count; column++) {
    for (let row = 0; row < products.rows; row++) {
      values[column * products.rows + row] -= (x[row] * y[column]) / rows;
    }
  }
  return { ...products, values };
}

function likeness(measure: Measure, pair: Columns, one: Side, two: Side): number {
  if (measure === "cka") return squares(pair) / (one.size * two.size);
  if (measure === "procrustes") return nuclear(pair) / (one.size * two.size);
  const turned = hostMatrices.transposedProduct(one.white!, hostMatrices.product(pair, two.white!));
  return correlationsOf(turned).mean;
}
