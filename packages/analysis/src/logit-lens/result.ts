/** What the logit lens answers: grids over layers and positions, and the same as rows of cells. */
import {
  type Grid,
  type Result,
  type ResultShape,
  readsResult,
  type Table,
  type TokenText,
} from "@mlxterp/results";

type Cells = Grid<"layer" | "position">;
type RankedCells = Grid<"layer" | "position" | "rank">;
type FollowedCells = Grid<"layer" | "position" | "followed">;

/** The first layer is `"embedding"` unless layers were chosen; a token of `position` is the one read at. */
export type LensGrids = {
  /** Ids of the most likely next tokens, best first. */
  readonly token: RankedCells;
  readonly logit: RankedCells;
  readonly probability: RankedCells;
  /** Of the whole distribution, in nats: 0 is certain, ln(vocab) knows nothing. */
  readonly entropy: Cells;
  /** KL(final ‖ this) in nats, where `kl` was asked: what is still missing here. */
  readonly divergence?: Cells;
  /** Of the tokens of `follow`. */
  readonly followedRank?: FollowedCells;
  readonly followedLogit?: FollowedCells;
  readonly followedProbability?: FollowedCells;
  /** Of the followed answer; a rank of 1 is the most likely token. */
  readonly answerRank?: Cells;
  readonly answerLogit?: Cells;
  readonly answerProbability?: Cells;
};

export type LensTables = {
  /** The texts of all tokens in the grids. */
  readonly tokens: Table<{ readonly id: number; readonly text: string }>;
  /** The site behind each layer: `layers.0.input` for the embedding, then `layers.0` … */
  readonly sites: Table<{ readonly layer: number | string; readonly site: string }>;
};

export type LensResult = Result<"lens", LensGrids, LensTables>;

/** What it has at run time. */
export const lensShape: ResultShape<LensResult> = {
  method: "lens",
  grids: {
    token: ["layer", "position", "rank"],
    logit: ["layer", "position", "rank"],
    probability: ["layer", "position", "rank"],
    entropy: ["layer", "position"],
  },
  tables: {
    tokens: { id: "number", text: "text" },
    sites: { layer: ["number", "text"], site: "text" },
  },
};

/** A token that a cell predicts. */
export interface LensToken extends TokenText {
  readonly logit: number;
  readonly probability: number;
}

/** How the followed answer fares in a cell. */
export interface LensAnswer {
  readonly logit: number;
  readonly probability: number;
  /** 1 for the most likely token. */
  readonly rank: number;
}

/** What the residual stream at one layer and position says about the next token. */
export interface LensCell {
  /** The most likely tokens, best first. */
  readonly top: readonly LensToken[];
  /** In nats. */
  readonly entropy: number;
  readonly answer?: LensAnswer;
  /** KL(final ‖ this) in nats, where it was asked. */
  readonly divergence?: number;
}

/** One depth of the model. */
export interface LensRow {
  /** The site that was read. */
  readonly site: string;
  /** null for the embedding. */
  readonly layer: number | null;
  /** One for each position of the result. */
  readonly cells: readonly LensCell[];
}

/**
 * The grids as rows of cells, from the embedding to the last layer.
 *
 * @example
 * lensRows(readout).map(({ cells }) => cells.at(-1)?.top[0].text); // what each layer says at the last position
 */
export const lensRows = readsResult(lensShape, ({ grids, tables }: LensResult): LensRow[] => {
  const texts = new Map(tables.tokens.rows.map(({ id, text }) => [id, text]));
  const count = grids.token.labels.rank.length;
  const width = grids.token.labels.position.length;
  return tables.sites.rows.map(({ layer, site }, row) => ({
    site,
    layer: typeof layer === "number" ? layer : null,
    cells: Array.from({ length: width }, (_, position): LensCell => {
      const at = row * width + position;
      const top = Array.from({ length: count }, (_, rank): LensToken => {
        const id = grids.token.values[at * count + rank];
        return {
          id,
          text: texts.get(id) ?? `<${id}>`,
          logit: grids.logit.values[at * count + rank],
          probability: grids.probability.values[at * count + rank],
        };
      });
      const answer = answerAt(grids, at);
      const divergence = grids.divergence?.values[at];
      return {
        top,
        entropy: grids.entropy.values[at],
        ...(answer && { answer }),
        ...(divergence !== undefined && { divergence }),
      };
    }),
  }));
});

function answerAt(grids: LensGrids, at: number): LensAnswer | undefined {
  const { answerRank: rank, answerLogit: logit, answerProbability: probability } = grids;
  if (!rank || !logit || !probability) return undefined;
  return { logit: logit.values[at], probability: probability.values[at], rank: rank.values[at] };
}
