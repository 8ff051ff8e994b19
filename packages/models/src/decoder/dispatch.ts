/** Multiplies every token by the matrices of its own experts, without knowing yet which those are. */
import { type MxArray, mx } from "@mlxterp/mlx";

/** Plain numbers would turn integers into floats. */
const whole = (value: number) => mx.array(value, mx.int32);

/** Rows that are multiplied together at most; more gains nothing on the CPU and wastes filler rows. */
const largestBlock = 64;

/**
 * Where the rows of a pass go. A pass is built before anything is computed, so the numbers of rows per expert are
 * unknown and no shape may depend on them. Rows are therefore laid out in blocks of one size, each for one expert,
 * and there are as many blocks as the worst case needs: rows / size + experts. Places that stay empty compute some row
 * once more, and nobody reads them.
 * Source: Gale et al. 2023, "MegaBlocks: Efficient Sparse Training with Mixture-of-Experts", section 5.
 */
export class Dispatch {
  readonly #size: number;
  /** The expert of each block, (blocks). */
  readonly #experts: MxArray;
  /** For each row its place in the blocks, (rows), and for each place its row, (blocks · size). */
  readonly #places: MxArray | undefined;
  readonly #rows: MxArray | undefined;
  /** The experts of each token, (batch, position, topK) int32, all within their number. */
  readonly indices: MxArray;

  /**
   * @param indices the experts of each token, (batch, position, topK); ones that do not exist become the nearest, since
   * MLX would read memory beyond the weights
   * @param count the number of experts
   */
  constructor(indices: MxArray, count: number) {
    const rows = indices.size;
    this.indices = mx.clip(indices.astype(mx.int32), whole(0), whole(count - 1));
    const flat = this.indices.flatten();
    this.#size = Math.min(2 ** Math.floor(Math.log2(Math.max(rows / count, 1))), largestBlock);
    if (this.#size === 1) {
      this.#experts = flat;
      return;
    }
    const blocks = Math.floor(rows / this.#size) + count;
    const { places, sources, experts } = layOut(flat, { count, blocks, size: this.#size });
    this.#experts = experts;
    this.#places = places;
    this.#rows = sources;
  }

  /**
   * Each row times the transposed matrix of its expert.
   *
   * @param x (batch, position, in), the same for all experts of a token, or (batch, position, topK, in)
   * @param weight (experts, out, in)
   * @returns (batch, position, topK, out)
   */
  multiply(x: MxArray, weight: MxArray): MxArray {
    const matrices = weight.swapaxes(1, 2);
    return this.apply(x, (blocks, experts) =>
      mx.blockSparseMM(blocks, matrices, undefined, experts),
    );
  }

  /**
   * The same with another product.
   *
   * @param x (batch, position, in) or (batch, position, topK, in)
   * @param product from (blocks, size, in) and the expert of each block, (blocks), to (blocks, size, out)
   * @returns (batch, position, topK, out)
   */
  apply(x: MxArray, product: (blocks: MxArray, experts: MxArray) => MxArray): MxArray {
    const width = x.shape[x.ndim - 1];
    const copies = x.ndim === 3 ? this.indices.shape[2] : 1;
    const rows = this.#rows ?? mx.arange(0, this.indices.size, 1, mx.int32);
    const sources = copies === 1 ? rows : mx.floorDivide(rows, whole(copies));
    const blocks = x.reshape([-1, width]).index(sources).reshape([-1, this.#size, width]);
    const products = product(blocks, this.#experts);
    const flat = products.reshape([-1, products.shape[2]]);
    const ordered = this.#places ? flat.index(this.#places) : flat;
    return ordered.reshape([...this.indices.shape, -1]);
  }
}

/** Gives every expert the blocks it needs, one expert after the other. */
function layOut(
  experts: MxArray, // (rows)
  { count, blocks, size }: { count: number; blocks: number; size: number },
): { places: MxArray; sources: MxArray; experts: MxArray } {
  const numbers = mx.arange(0, count, 1, mx.int32);
  const belongs = mx.equal(mx.expandDims(experts, 1), numbers).astype(mx.int32); // (rows, experts)
  const rows = mx.sum(belongs, 0); // of each expert
  const needed = mx.floorDivide(mx.add(rows, whole(size - 1)), whole(size)); // blocks of each expert
  const ends = mx.cumsum(needed, 0);
  const firstPlace = mx.multiply(mx.subtract(ends, needed), whole(size));
  // How far an expert's rows stand from their places once all rows are sorted by expert.
  const shift = mx.subtract(firstPlace, mx.subtract(mx.cumsum(rows, 0), rows));
  const order = mx.argsort(experts, 0).astype(mx.int32);
  const rank = mx.argsort(order, 0).astype(mx.int32);
  const block = mx.expandDims(mx.arange(0, blocks, 1, mx.int32), 1);
  const owner = mx.sum(mx.greaterEqual(block, ends).astype(mx.int32), 1);
  const owners = mx.minimum(owner, whole(count - 1)); // some blocks nobody needs
  const place = mx.arange(0, blocks * size, 1, mx.int32);
  const sorted = mx.subtract(place, mx.repeat(shift.index(owners), size, 0));
  return {
    places: mx.add(rank, shift.index(experts)),
    sources: order.index(mx.clip(sorted, whole(0), whole(experts.size - 1))),
    experts: owners,
  };
}
