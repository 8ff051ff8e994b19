/** What a comparison by a crosscoder finds. */
import type { Result, ResultShape, Table } from "@mlxterp/results";
import type { FeaturePlace } from "../model-diffing/diff-crosscoder.js";

/** A feature of both, or of one alone. */
export type ComparedFeature = {
  readonly feature: number;
  readonly place: FeaturePlace;
  /** The second's share of the norms of its decoder rows: 0 the first alone, 1 the second alone. */
  readonly relativeNorm: number;
  /** The share of tokens at which it is on. */
  readonly density: number;
  /** How large it is where its row is shorter, by latent scaling, as a share of the other; null where it is on nowhere. */
  readonly scaling: number | null;
  /** The same by chance. */
  readonly scalingByChance: number | null;
  /** Of exclusive ones that are on: whether the other has nothing of them that is more than chance. */
  readonly confirmed: boolean;
  /** Where it is on most, and what it is there; null where it is on nowhere. */
  readonly token: string | null;
  readonly activation: number;
};

export type CrosscoderCounts = {
  readonly first: string;
  readonly second: string;
  /** Tokens that were read. */
  readonly tokens: number;
  readonly features: number;
  readonly on: number;
  readonly shared: number;
  readonly firstAlone: number;
  readonly secondAlone: number;
  readonly between: number;
  /** Of the exclusive ones: those that are confirmed. */
  readonly confirmed: number;
  /** The size of scaling that 95 % of features stay below by chance; null where nothing is on. */
  readonly chance: number | null;
  /** The share of the variance of each that the crosscoder explains. */
  readonly explainedFirst: number;
  readonly explainedSecond: number;
};

export type CrosscoderDiffResult = Result<
  "crosscoder",
  Record<never, never>,
  { readonly features: Table<ComparedFeature>; readonly counts: Table<CrosscoderCounts> }
>;

/** What it has at run time. */
export const crosscoderDiffShape: ResultShape<CrosscoderDiffResult> = {
  method: "crosscoder",
  grids: {},
  tables: {
    features: {
      feature: "number",
      place: "text",
      relativeNorm: "number",
      density: "number",
      scaling: ["number", "null"],
      scalingByChance: ["number", "null"],
      confirmed: "flag",
      token: ["text", "null"],
      activation: "number",
    },
    counts: {
      first: "text",
      second: "text",
      tokens: "number",
      features: "number",
      on: "number",
      shared: "number",
      firstAlone: "number",
      secondAlone: "number",
      between: "number",
      confirmed: "number",
      chance: ["number", "null"],
      explainedFirst: "number",
      explainedSecond: "number",
    },
  },
};
