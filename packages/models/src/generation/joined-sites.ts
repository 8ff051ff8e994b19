/** Activations of many steps, joined along their positions. */
import { ActivationCache, SiteNotReachedError, type TokenBatch } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import type { Provenance } from "@mlxterp/results";
import { maskedScore } from "../decoder/positions/pass.js";
import type { WholePass } from "./passes.js";
import { requirePositionAxis, type SavedValue } from "./save-plan.js";
import { createStepEvaluator } from "./step-evaluation.js";

/** One site through all steps. */
interface Column {
  readonly axis: number;
  readonly keyAxis: number | undefined;
  /** Of the prompt, and of `blockLength` steps each. */
  readonly blocks: MxArray[];
  /** The steps since the last block. */
  open: MxArray | undefined;
}

/** What belongs to one row of a batch: ranges of what was joined, from the first to one beyond the last. */
export interface RowShare {
  readonly row: number;
  readonly positions: readonly [from: number, to: number];
  readonly keys: readonly [from: number, to: number];
  readonly tokens: TokenBatch;
  readonly provenance: Provenance;
}

/**
 * Each step is joined to those before as it is computed: a handle for every step would grow old, and out of reach of
 * young collections. A block ends here, so that joining copies little.
 */
const blockLength = 16;

export class JoinedSites {
  private readonly columns = new Map<string, Column>();
  /** Knows about the sites what their arrays do not tell. */
  private first: ActivationCache | undefined;
  /** How many steps the open block still takes; the prompt is one by itself. */
  private room = 1;

  /**
   * Puts one step's values behind those before.
   *
   * @returns what is to be computed before the next step is added, together with the step itself
   * @throws MissingAxisError (`MISSING_AXIS`) for a site without positions, SiteNotReachedError (`SITE_NOT_REACHED`) for
   * one that not every step computes
   */
  add({ pass, values }: WholePass): MxArray[] {
    if (this.first === undefined) this.begin(pass, values);
    if (this.room === 0) this.endBlocks();
    this.room--;
    const reached = new Map(values.map(({ name, value }) => [name, value]));
    return [...this.columns].map(([name, column]) => {
      const value = reached.get(name);
      if (!value) {
        const rule = "a step that was saved did not compute it, so its positions cannot be joined.";
        throw new SiteNotReachedError(name, rule);
      }
      column.open = column.open ? joinParts(name, column, [column.open, value]) : value;
      return column.open;
    });
  }

  private endBlocks(): void {
    this.room = blockLength;
    for (const column of this.columns.values()) {
      if (column.open) column.blocks.push(column.open);
      column.open = undefined;
    }
  }

  /**
   * Joins site by site, so that only one is there twice.
   *
   * @returns the activations of each row
   */
  async join(rows: readonly RowShare[]): Promise<ActivationCache[]> {
    const joined = rows.map(() => new Map<string, MxArray>());
    const keys = Math.max(...rows.map((row) => row.keys[1]));
    const compute = createStepEvaluator();
    this.endBlocks();
    for (const [name, column] of this.columns) {
      const parts = column.blocks.splice(0);
      const whole = joinParts(name, column, parts, keys);
      const shares = rows.length === 1 ? [whole] : rows.map((row) => shareOf(whole, column, row));
      await compute(shares);
      for (const [index, share] of shares.entries()) joined[index].set(name, share);
    }
    return rows.map(({ row, tokens, provenance }) => {
      const facts = { tokens, provenance, positions: undefined };
      const { first = new ActivationCache(new Map(), facts) } = this;
      return first.mapped((name) => joined[row].get(name), facts);
    });
  }

  private begin(pass: ActivationCache, values: readonly SavedValue[]): void {
    for (const saved of values) {
      const { name, keyAxis } = saved;
      const axis = requirePositionAxis(saved);
      this.columns.set(name, { axis, keyAxis, blocks: [], open: undefined });
    }
    this.first = pass.mapped((name) => (this.columns.has(name) ? mx.zeros([0]) : undefined));
  }
}

/** One row without pads, and without what was fed after its end. */
function shareOf(whole: MxArray, { axis, keyAxis }: Column, row: RowShare): MxArray {
  const ranges = whole.shape.map(() => mx.Slice());
  ranges[0] = mx.Slice(row.row, row.row + 1);
  ranges[axis] = mx.Slice(...row.positions);
  if (keyAxis !== undefined) ranges[keyAxis] = mx.Slice(...row.keys);
  return whole.index(...ranges);
}

/** @param keys the length that a key axis shall have. Default: that of the longest part */
function joinParts(
  name: string,
  { axis, keyAxis }: Pick<Column, "axis" | "keyAxis">,
  parts: MxArray[],
  keys?: number,
): MxArray {
  const length = keyAxis === undefined ? 0 : (keys ?? parts[parts.length - 1].shape[keyAxis]);
  const hidden = name.endsWith(".scores") ? maskedScore(parts[0].dtype) : 0;
  const equal =
    keyAxis === undefined ? parts : parts.map((x) => extended(x, keyAxis, length, hidden));
  return equal.length === 1 ? equal[0] : mx.concatenate(equal, axis);
}

/** With keys that were not there yet when its queries looked. */
function extended(x: MxArray, axis: number, length: number, hidden: number): MxArray {
  const missing = length - x.shape[axis];
  if (missing === 0) return x;
  const widths = x.shape.map((_, at): [number, number] => [0, at === axis ? missing : 0]);
  return mx.pad(x, widths, mx.array(hidden, x.dtype));
}
