/** What a conversation shows, turn by turn. */
import type { Grid, Result, ResultShape, Table } from "@mlxterp/results";

export type TurnGrids = {
  /** The share of its attention that a token of one turn gives to another turn, the mean over its tokens. */
  readonly attention: Grid<"layer" | "head" | "query" | "key">;
  /** What the logit lens reads at the last token of each turn: ids, best first, and their probabilities. */
  readonly token: Grid<"layer" | "turn" | "rank">;
  readonly probability: Grid<"layer" | "turn" | "rank">;
  /** What the answer loses, in nats, when `query` no longer sees `key`; NaN above the diagonal and on it. */
  readonly loss?: Grid<"query" | "key">;
  /** How much of the answer comes back when a turn's stream before a layer is put into the other conversation: 0 nothing, 1 all. */
  readonly patch?: Grid<"layer" | "turn">;
};

export type TurnTables = {
  readonly turns: Table<{ readonly turn: string; readonly tokens: number }>;
  /** The texts of the ids in `token`. */
  readonly tokens: Table<{ readonly id: number; readonly text: string }>;
  /** What the answer scores without a change, in nats. */
  readonly scores: Table<{ readonly conversation: string; readonly score: number }>;
};

export type TurnResult = Result<"turns", TurnGrids, TurnTables>;

/** What it has at run time. */
export const turnShape: ResultShape<TurnResult> = {
  method: "turns",
  grids: {
    attention: ["layer", "head", "query", "key"],
    token: ["layer", "turn", "rank"],
    probability: ["layer", "turn", "rank"],
  },
  tables: {
    turns: { turn: "text", tokens: "number" },
    tokens: { id: "number", text: "text" },
    scores: { conversation: "text", score: "number" },
  },
};
