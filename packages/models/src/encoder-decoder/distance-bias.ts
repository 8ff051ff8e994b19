/** Learned biases on scores by the distance between query and key, in place of positions. */
import { type Embedding, type MxArray, mx, nn } from "@mlxterp/mlx";
import type { PatternAxes } from "../decoder/axes.js";
import type { EncoderDecoderConfig } from "./config.js";

interface Places {
  /** The batch, and how many queries and keys there are. */
  readonly shape: readonly [batch: number, queries: number, keys: number];
  /** The position of the first query. */
  readonly offset: number;
}

/** Source: Raffel et al. 2020, "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer", section 2.1. */
export class DistanceBias extends nn.Module {
  readonly table: Embedding;
  readonly farthest: number;
  readonly buckets: number;
  /** Whether queries see what comes after them. */
  readonly bothWays: boolean;

  constructor(
    heads: number,
    { buckets, farthest }: EncoderDecoderConfig["distances"],
    bothWays: boolean,
  ) {
    super();
    this.table = new nn.Embedding(buckets, heads);
    this.farthest = farthest;
    this.buckets = buckets;
    this.bothWays = bothWays;
  }

  get outputAxes(): PatternAxes {
    return ["batch", "heads", "query", "key"];
  }

  /** @returns what is added to the scores of every layer, (batch, heads, query, key) */
  override forward({ shape: [batch, queries, keys], offset }: Places): MxArray {
    const rows = Array.from({ length: queries }, (_, query) =>
      Array.from({ length: keys }, (_, key) => this.bucketOf(key - query - offset)),
    );
    const biases = this.table.forward(mx.array(rows, mx.int32)).transpose(2, 0, 1); // (heads, query, key)
    return mx.broadcastTo(biases, [batch, ...biases.shape]);
  }

  /** @param distance of the key behind the query */
  bucketOf(distance: number): number {
    const { bothWays, buckets, farthest } = this;
    const count = bothWays ? buckets >> 1 : buckets;
    const first = bothWays && distance > 0 ? count : 0;
    const apart = bothWays ? Math.abs(distance) : Math.max(-distance, 0);
    const exact = count >> 1;
    if (apart < exact) return first + apart;
    // In float32, step by step, as the models were trained: some distances lie on the border of two buckets.
    const { fround, log } = Math;
    const share = fround(fround(log(fround(apart / exact))) / fround(log(farthest / exact)));
    return first + Math.min(exact + Math.trunc(fround(share * (count - exact))), count - 1);
  }
}
