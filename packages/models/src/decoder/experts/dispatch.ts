/** Multiplies every token by the matrices of its own experts, without knowing yet which those are. */
import { type MxArray, mx } from "@mlxterp/mlx";

/** Plain numbers would turn integers into floats. */
const whole = (value: number) => mx.array(value, mx.int32);

/**
 * What a block costs besides its rows, in rows: its matrix is read and packed. Measured on the CPU with kernels for AVX2
 * and for AVX-512, one thread and two. Products below the limit run on one thread, and some kernels pack nothing there.
 */
const costOfBlock = 20;
const costOfSmallBlock = 10;
const smallProduct = 2 ** 18;

const blockSizes = [1, 2, 4, 8, 16, 32, 64, 128];

/** How rows are laid out in blocks. */
interface Layout {
  /** The expert of each block, (blocks). */
  readonly experts: MxArray;
  /** Absent where rows stand as they are, one in each block. */
  readonly moved?: {
    /** For each place in the blocks its row, (blocks · size). */
    readonly sources: MxArray;
    /** For each row its place, (rows). */
    readonly places: MxArray;
  };
}

/**
 * Where the rows of a pass go. A pass is built before anything is computed, so the numbers of rows per expert are
 * unknown and no shape may depend on them. Rows are therefore laid out in blocks of one size, each for one expert,
 * and there are as many blocks as the worst case needs: nearly rows / size + experts. Places that stay empty compute
 * some row once more, and nobody reads them. Few rows are multiplied one by one.
 * Source: Gale et al. 2023, "MegaBlocks: Efficient Sparse Training with Mixture-of-Experts", section 5.
 */
export class Dispatch {
  readonly #count: number;
  /** By block size, made when first asked for. */
  readonly #layouts = new Map<number, Layout>();
  /** The experts of each token, (batch, position, topK) int32, all within their number. */
  readonly indices: MxArray;

  /**
   * @param indices the experts of each token, (batch, position, topK); ones that do not exist become the nearest, since
   * MLX would read memory beyond the weights
   * @param count the number of experts
   */
  constructor(indices: MxArray, count: number) {
    this.#count = count;
    this.indices = mx.clip(indices.astype(mx.int32), whole(0), whole(count - 1));
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
    const product = (blocks: MxArray, experts: MxArray) =>
      mx.gatherMM(blocks, matrices, null, experts);
    return this.apply(x, product, this.blockSize(weight.size / this.#count));
  }

  /**
   * The same with another product.
   *
   * @param x (batch, position, in) or (batch, position, topK, in)
   * @param product from (blocks, size, in) and the expert of each block, (blocks), to (blocks, size, out)
   * @param size of the blocks; 1 for products that gain nothing from rows that go together
   * @returns (batch, position, topK, out)
   */
  apply(
    x: MxArray,
    product: (blocks: MxArray, experts: MxArray) => MxArray,
    size: number,
  ): MxArray {
    const { experts, moved } = this.layout(size);
    const width = x.shape[x.ndim - 1];
    const copies = x.ndim === 3 ? this.indices.shape[2] : 1;
    const rows = x.reshape([-1, width]);
    const blocks = moved ? rows.index(tokensOf(moved.sources, copies)) : repeated(rows, copies);
    const products = product(blocks.reshape([-1, size, width]), experts);
    const flat = products.reshape([-1, products.shape[2]]);
    return (moved ? flat.index(moved.places) : flat).reshape([...this.indices.shape, -1]);
  }

  /**
   * How many rows are best multiplied together.
   *
   * @param matrix how many numbers the matrix of one expert holds
   */
  blockSize(matrix: number): number {
    const rows = this.indices.size;
    const cost = (size: number) => {
      const besides = matrix * size <= smallProduct ? costOfSmallBlock : costOfBlock;
      return mostBlocks(rows, this.#count, size) * (besides + size);
    };
    return blockSizes.reduce((best, size) => (cost(size) < cost(best) ? size : best));
  }

  private layout(size: number): Layout {
    const known = this.#layouts.get(size);
    if (known) return known;
    const flat = this.indices.flatten();
    const made = size === 1 ? { experts: flat } : layOut(flat, this.#count, size);
    this.#layouts.set(size, made);
    return made;
  }
}

/** What a token's experts read is the same, so that several rows are made of one. */
const tokensOf = (rows: MxArray, copies: number): MxArray =>
  copies === 1 ? rows : mx.floorDivide(rows, whole(copies));

const repeated = (tokens: MxArray, copies: number): MxArray =>
  copies === 1 ? tokens : mx.repeat(tokens, copies, 0);

/** Every expert that is used may leave all places of one block but one empty. */
function mostBlocks(rows: number, count: number, size: number): number {
  return Math.floor((rows + Math.min(rows, count) * (size - 1)) / size);
}

/** Gives every expert the blocks it needs, one expert after the other. */
function layOut(experts: MxArray, count: number, size: number): Layout {
  const blocks = mostBlocks(experts.size, count, size);
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
  const places = mx.add(rank, shift.index(experts));
  const sources = order.index(mx.clip(sorted, whole(0), whole(experts.size - 1)));
  return { experts: owners, moved: { sources, places } };
}
