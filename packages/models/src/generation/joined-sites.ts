/** Activations of many steps, joined along their positions. */
import {
  ActivationCache,
  type Provenance,
  SiteNotReachedError,
  type TokenBatch,
} from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import { maskedScore } from "../decoder/pass.js";
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

/**
 * Each step is joined at once to those before: a handle for every step would grow old, and out of reach of young
 * collections. A block ends here, so that joining copies little.
 */
const blockLength = 16;

export class JoinedSites {
  private readonly columns = new Map<string, Column>();
  /** Knows about the sites what their arrays do not tell. */
  private first: ActivationCache | undefined;
  /** Since the last block. */
  private steps = 0;

  /**
   * Adds one step's values, computed, behind those before.
   *
   * @throws MissingAxisError (`MISSING_AXIS`) for a site without positions, SiteNotReachedError (`SITE_NOT_REACHED`) for
   * one that not every step computes
   */
  add({ pass, values }: WholePass): void {
    const isPrompt = this.first === undefined;
    if (isPrompt) this.begin(pass, values);
    const reached = new Map(values.map(({ name, value }) => [name, value]));
    const joined = [...this.columns].map(([name, column]) => {
      const value = reached.get(name);
      if (!value) {
        const rule = "a step that was saved did not compute it, so its positions cannot be joined.";
        throw new SiteNotReachedError(name, rule);
      }
      column.open = column.open ? joinParts(name, column, [column.open, value]) : value;
      return column.open;
    });
    this.steps++;
    if (this.steps > 1) mx.eval(...joined);
    if (isPrompt || this.steps === blockLength) this.endBlocks();
  }

  private endBlocks(): void {
    this.steps = 0;
    for (const column of this.columns.values()) {
      if (column.open) column.blocks.push(column.open);
      column.open = undefined;
    }
  }

  /**
   * Joins site by site, so that only one is there twice.
   *
   * @param keys the length that all key axes shall have
   */
  async join(keys: number, tokens: TokenBatch, provenance: Provenance): Promise<ActivationCache> {
    const facts = { tokens, provenance, positions: undefined };
    const joined = new Map<string, MxArray>();
    const compute = createStepEvaluator();
    this.endBlocks();
    for (const [name, column] of this.columns) {
      const parts = column.blocks.splice(0);
      const value = joinParts(name, column, parts, keys);
      await compute([value]);
      joined.set(name, value);
    }
    const { first = new ActivationCache(new Map(), facts) } = this;
    return first.mapped((name) => joined.get(name), facts);
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
