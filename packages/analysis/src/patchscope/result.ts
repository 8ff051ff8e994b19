/** What patchscopes answer. */
import type { Grid, Result, ResultShape, Table } from "@mlxterp/results";

type ByRank = Grid<"layer" | "rank">;
type ByLayer = Grid<"layer">;

/** `layer` is the one after which the vector was taken; `"embedding"` before any. */
export type PatchscopeGrids = {
  /** Ids of the most likely next tokens of the target, best first. */
  readonly token: ByRank;
  readonly logit: ByRank;
  readonly probability: ByRank;
  /** Of the answer; without one of the token that is most likely. */
  readonly followedProbability: ByLayer;
  readonly followedRank: ByLayer;
  /** The probability of the same token in the target as it is. */
  readonly unpatchedProbability: ByLayer;
  /** … and with vectors of the same length at random, the mean; NaN without any. */
  readonly nullProbability: ByLayer;
};

export type PatchscopeTables = {
  /** What the target is continued by. */
  readonly continuations: Table<{ readonly layer: number | string; readonly text: string }>;
  readonly tokens: Table<{ readonly id: number; readonly text: string }>;
  /** The target as it was fed. */
  readonly target: Table<{ readonly position: number; readonly id: number; readonly text: string }>;
};

export type PatchscopeResult = Result<"patchscope", PatchscopeGrids, PatchscopeTables>;

/** What it has at run time. */
export const patchscopeShape: ResultShape<PatchscopeResult> = {
  method: "patchscope",
  grids: {
    token: ["layer", "rank"],
    logit: ["layer", "rank"],
    probability: ["layer", "rank"],
    followedProbability: ["layer"],
    followedRank: ["layer"],
    unpatchedProbability: ["layer"],
    nullProbability: ["layer"],
  },
  tables: {
    continuations: { layer: ["number", "text"], text: "text" },
    tokens: { id: "number", text: "text" },
    target: { position: "number", id: "number", text: "text" },
  },
};
