/** What the features of a prompt are. */
import type { Grid, Result, ResultShape, Table } from "@mlxterp/results";

/** One feature in the prompt. */
export type FeatureRow = {
  readonly feature: number;
  /** Where it is on most, and how much; null where it is on at no token. */
  readonly position: number | null;
  readonly token: string | null;
  readonly activation: number;
  /** At how many tokens it is on. */
  readonly count: number;
  /** What its decoder row makes more and less likely, directly. */
  readonly promotes: string;
  readonly suppresses: string;
};

/** How well the dictionary explains this prompt. */
export type FeatureQuality = {
  readonly site: string;
  readonly features: number;
  /** How many are on at a token, on average. */
  readonly count: number;
  /** The share of the variance over the tokens that count; null for transcoders, and where nothing varies (one token). */
  readonly explained: number | null;
};

export type FeaturesResult = Result<
  "features",
  { readonly activation: Grid<"feature" | "token"> },
  { readonly features: Table<FeatureRow>; readonly quality: Table<FeatureQuality> }
>;

/** What it has at run time. */
export const featuresShape: ResultShape<FeaturesResult> = {
  method: "features",
  grids: {
    activation: ["feature", "token"],
  },
  tables: {
    features: {
      feature: "number",
      position: ["number", "null"],
      token: ["text", "null"],
      activation: "number",
      count: "number",
      promotes: "text",
      suppresses: "text",
    },
    quality: { site: "text", features: "number", count: "number", explained: ["number", "null"] },
  },
};
