/** The norms of queries and keys, in the three places families put them. */
import type { QueryKeyNormConfig } from "../config/config.js";
import { Norm } from "./norm.js";

interface HeadCounts {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
}

/** Over the full width a norm reads (batch, position, heads · headDim), else (batch, position, heads, headDim). */
export function createQueryKeyNorms(
  { norm, over }: QueryKeyNormConfig,
  { heads, kvHeads, headDim }: HeadCounts,
): [query: Norm, key: Norm] {
  if (over === "width") return [new Norm(heads * headDim, norm), new Norm(kvHeads * headDim, norm)];
  const own = over === "eachHead";
  return [
    new Norm(headDim, norm, { headAxis: "heads", heads: own ? heads : undefined }),
    new Norm(headDim, norm, { headAxis: "kvHeads", heads: own ? kvHeads : undefined }),
  ];
}
