/** Attention from one text to another, with every intermediate value as a site. */
import { nameAxes } from "@mlxterp/core";
import { InvalidArgumentError, type Linear, type MxArray, nn } from "@mlxterp/mlx";
import { headSites } from "../decoder/attention/head-sites.js";
import { splitHeads } from "../decoder/attention/heads.js";
import {
  type HeadWriting,
  type Mixing,
  mixHeads,
  writeHeads,
} from "../decoder/attention/mix-heads.js";
import { type ResidualAxes, residualAxes } from "../decoder/axes.js";
import type { SourceMemory } from "./cache.js";

/** The text that is read. */
export interface Source {
  /** The encoder's output, (batch, position, hidden); absent where keys and values are all held. */
  readonly states: MxArray | undefined;
  /** Added to the scores, (batch, 1, 1, key); null hides nothing. */
  readonly mask: MxArray | null;
}

/** Queries of what is written, keys and values of what was read; the output is what is added to the residual stream. */
export class CrossAttention extends nn.Module implements Mixing, HeadWriting {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly scoreScale = 1;
  readonly softCap = undefined;
  readonly window = undefined;
  readonly sinks = null;
  readonly qProj: Linear;
  readonly kProj: Linear;
  readonly vProj: Linear;
  readonly q = headSites.q();
  readonly k = headSites.k();
  readonly v = headSites.v();
  readonly scores = headSites.scores();
  readonly pattern = headSites.pattern();
  readonly z = headSites.z();
  readonly result = headSites.result();
  readonly oProj: Linear;
  readonly postNorm = undefined;
  readonly outputScale = undefined;

  constructor(hidden: number, heads: number, headDim: number) {
    super();
    this.heads = heads;
    this.kvHeads = heads;
    this.headDim = headDim;
    this.qProj = new nn.Linear(hidden, heads * headDim, false);
    this.kProj = new nn.Linear(hidden, heads * headDim, false);
    this.vProj = new nn.Linear(hidden, heads * headDim, false);
    this.oProj = new nn.Linear(heads * headDim, hidden, false);
    nameAxes(this, { position: "target", query: "target" });
    for (const ofSource of [this.kProj, this.vProj, this.k, this.v]) nameAxes(ofSource, {});
  }

  get outputAxes(): ResidualAxes {
    return residualAxes;
  }

  /** What it returns is added to the residual stream, so leaving it out is adding nothing. */
  get writesResidual(): true {
    return true;
  }

  /**
   * @param x (batch, target, hidden), normalised
   * @param memory takes keys and values at first, and gives them afterwards
   * @returns (batch, target, hidden)
   */
  override forward(x: MxArray, source: Source, memory?: SourceMemory): MxArray {
    const q = this.q.forward(this.byHead(this.qProj, x));
    const [k, v] = this.keysAndValues(source, memory);
    if (memory) memory.held = [k, v];
    const mixed = mixHeads(this, { q, k, v, dropped: 0, bothWays: true }, source.mask);
    return writeHeads(this, this.z.forward(mixed.transpose(0, 2, 1, 3)));
  }

  /** Those that are held, or of the text as it was read; they are read again where somebody may look at that. */
  private keysAndValues(
    { states }: Source,
    memory: SourceMemory | undefined,
  ): readonly [MxArray, MxArray] {
    const k = states && this.k.forward(this.byHead(this.kProj, states));
    const v = states && this.v.forward(this.byHead(this.vProj, states));
    if (memory?.held) return memory.held;
    if (k && v) return [k, v];
    const rule = "this layer was skipped when the text was read. Skip it in every pass or in none.";
    throw new InvalidArgumentError("cache", undefined, rule);
  }

  /** (batch, heads, position, headDim) */
  private byHead(projection: Linear, x: MxArray): MxArray {
    return splitHeads(projection.forward(x), this.heads, this.headDim).transpose(0, 2, 1, 3);
  }
}
