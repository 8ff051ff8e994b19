/** What direct logit attribution answers: contributions of heads, MLPs and everything else. */

import {
  type Grid,
  type Result,
  type ResultShape,
  readsResult,
  type Table,
} from "@mlxterp/results";
import { checkWholeNumber, InvalidArgumentError } from "@mlxterp/results/errors";

/** All in logits. */
export type AttributionGrids = {
  /** Mean over prompts, with its interval where there are several. */
  readonly heads: Grid<"layer" | "head">;
  readonly mlps: Grid<"layer">;
  /** What attention adds beyond its heads, such as the output bias. */
  readonly attentionRest: Grid<"layer">;
  readonly headsByPrompt: Grid<"prompt" | "layer" | "head">;
  readonly mlpsByPrompt: Grid<"prompt" | "layer">;
  readonly attentionRestByPrompt: Grid<"prompt" | "layer">;
};

/** Of `expert` where the MLP is a mixture. */
export type NeuronPart = {
  readonly layer: number;
  readonly expert: number | null;
  readonly neuron: number;
  readonly value: number;
};

/** `"shared"` is the expert that sees every token. */
export type ExpertPart = {
  readonly layer: number;
  readonly expert: number | "shared";
  readonly value: number;
};

/** What a head brings from one token; all of a head's add up to the head. */
export type SourcePart = {
  readonly layer: number;
  readonly head: number;
  readonly position: number;
  readonly value: number;
};

type OfPrompt<Row> = Table<{ readonly prompt: number } & Row>;

export type AttributionTables = {
  /** The largest of each prompt, where they were asked for. */
  readonly neurons?: OfPrompt<NeuronPart>;
  readonly experts?: OfPrompt<ExpertPart>;
  readonly sources?: OfPrompt<SourcePart & { readonly token: string }>;
  /** What is not by layer, for each prompt. */
  readonly prompts: Table<{
    readonly prompt: number;
    /** What the model's last position says: all contributions sum to it. */
    readonly total: number;
    /** The input of layer 0: token and, where they are learned, position embeddings. */
    readonly embedding: number;
    /** The final norm's bias. */
    readonly normBias: number;
    /** The unembedding's bias, and what a soft cap on the logits bends. */
    readonly unembeddingRest: number;
    /** Of the answer in the prediction, 1 for the most likely token. */
    readonly answerRank: number;
  }>;
};

export type AttributionResult = Result<"attribute", AttributionGrids, AttributionTables>;

/** What it has at run time. */
export const attributionShape: ResultShape<AttributionResult> = {
  method: "attribute",
  grids: {
    heads: ["layer", "head"],
    mlps: ["layer"],
    attentionRest: ["layer"],
    headsByPrompt: ["prompt", "layer", "head"],
    mlpsByPrompt: ["prompt", "layer"],
    attentionRestByPrompt: ["prompt", "layer"],
  },
  tables: {
    prompts: {
      prompt: "number",
      total: "number",
      embedding: "number",
      normBias: "number",
      unembeddingRest: "number",
      answerRank: "number",
    },
  },
};

/** Contributions to the logit (difference), in logits; all of them sum to `total`. */
export interface Attribution {
  readonly total: number;
  readonly embedding: number;
  /** [layer][head] */
  readonly heads: readonly (readonly number[])[];
  /** By layer. */
  readonly attentionRest: readonly number[];
  /** By layer. */
  readonly mlps: readonly number[];
  readonly normBias: number;
  readonly unembeddingRest: number;
}

/**
 * The grids and tables as one list of parts: of one prompt, or the mean over all.
 *
 * @example
 * attributionOf(await directLogitAttribution(model, prompts, { answer: "Mary" }), 0).total; // of the first prompt
 */
export const attributionOf = readsResult(
  attributionShape,
  (result: AttributionResult, prompt?: number): Attribution => {
    const { rows } = result.tables.prompts;
    if (prompt !== undefined && !(checkWholeNumber("prompt", prompt) < rows.length)) {
      const rule = `there are ${rows.length} prompts, from 0 on; leave it out for their mean.`;
      throw new InvalidArgumentError("prompt", prompt, rule);
    }
    const { layer, head } = result.grids.heads.labels;
    const chosen = prompt === undefined ? rows : [rows[prompt]];
    const first = prompt ?? 0;
    const mean = (numbers: readonly number[]) =>
      numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
    const scalar = (name: "total" | "embedding" | "normBias" | "unembeddingRest") =>
      mean(chosen.map((row) => row[name]));
    const column = ({ values }: Grid, size: number) =>
      Array.from({ length: size }, (_, at) =>
        mean(chosen.map((_row, index) => values[(first + index) * size + at])),
      );
    const flat = column(result.grids.headsByPrompt, layer.length * head.length);
    return {
      total: scalar("total"),
      embedding: scalar("embedding"),
      heads: layer.map((_, row) => flat.slice(row * head.length, (row + 1) * head.length)),
      attentionRest: column(result.grids.attentionRestByPrompt, layer.length),
      mlps: column(result.grids.mlpsByPrompt, layer.length),
      normBias: scalar("normBias"),
      unembeddingRest: scalar("unembeddingRest"),
    };
  },
);
