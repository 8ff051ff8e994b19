/**
 * Edge attribution: which connections between heads and MLPs carry the difference between two prompts.
 *
 * The residual stream is a sum, so what a component reads is the sum of what earlier ones wrote: one edge each. The
 * question of an edge is what the answer would lose if it carried what the corrupted prompt wrote. `exact` runs the model once
 * for every edge. The others estimate it with gradients: the difference of what the source wrote, times the slope of the metric
 * at what the destination reads. One slope (`eap`) is wrong where something saturates; the mean of slopes on the way from one
 * prompt to the other (`eap-ig-inputs`) costs five passes and follows the exact scores far better.
 * `eap-idg-inputs` weights these points by how fast the metric changes there: where an answer has been decided, slopes say nothing of it.
 *
 * Caveats. A score is about this pair of prompts, and about each edge by itself: two that can stand in for one another both look
 * useless. Gradients see no change of a softmax that is saturated at all points. `information-flow` asks what is large, not what
 * matters for the answer.
 *
 * Source: Syed et al. 2023, arXiv 2310.10348 (EAP); Hanna et al. 2024, arXiv 2403.17806 (EAP-IG); Walker et al. 2023, arXiv 2305.20052
 * (weights by the slope of the way, of inputs); Ferrando & Voita 2024,
 * arXiv 2403.00824 (information flow routes); edges with queries, keys and values: Conmy et al. 2023, arXiv 2304.14997.
 */
import { provenanceOf } from "@mlxterp/core";
import { createTable, type Note, parseOptions } from "@mlxterp/results";
import { askedOf } from "../shared/asked.js";
import { metricName } from "../shared/metrics.js";
import type { AnalysisModel } from "../shared/model.js";
import { answerNotes, saturationNotes, taskNotes } from "../shared/notes.js";
import { type PatchingPrompts, resolvePairs } from "../shared/pairs.js";
import { type EdgeScores, edgeScores, rankedEdges } from "./edge-scores.js";
import { type EdgeOptions, edgeOptions } from "./options.js";
import type { EdgeBaseline, EdgeResult, EdgeTables } from "./result.js";

/**
 * Scores every edge.
 *
 * @param input the prompt that gets the answer right, and the same with the decisive words exchanged, in as many tokens; or as
 *   many of each, where pairs may differ in length
 * @returns all edges with their scores, the strongest first
 * @throws UnequalLengthError (`UNEQUAL_LENGTH`), AnswerTokenError (`ANSWER_TOKEN`), EqualBaselinesError (`EQUAL_BASELINES`),
 *   NotASumError (`NOT_A_SUM`) for models that normalise what components add, InvalidArgumentError (`INVALID_ARGUMENT`),
 *   NotFiniteError (`NOT_FINITE`); the signal's reason when cancelled
 * @example
 * const { tables } = await edgeAttribution(model, { clean, corrupted }, { answer: "Mary", wrongAnswer: "John" });
 * const [{ source, destination, score }] = tables.edges.rows; // the strongest edge
 */
export async function edgeAttribution(
  model: AnalysisModel,
  input: PatchingPrompts,
  options: EdgeOptions,
): Promise<EdgeResult> {
  const asked = parseOptions("edgeAttribution", edgeOptions, options);
  const pairs = resolvePairs(model, input, asked, { sequences: true, spans: true });
  const found = await edgeScores(model, pairs, asked);
  const { metric } = found;
  return {
    method: "edges",
    asked: askedOf(asked, { ...pairs.asked, ...(typeof metric === "string" && { metric }) }),
    fed: pairs.pairs.flatMap(({ clean, corrupted }) => [clean, corrupted]),
    grids: {},
    tables: edgeTables(found),
    notes: [...pairs.notes, ...edgeNotes(pairs.pairs, found)],
    provenance: provenanceOf(model),
  };
}

function edgeTables(found: EdgeScores): EdgeTables {
  const intervals = found.byPair.length > 1 ? (["low", "high"] as const) : [];
  return {
    edges: createTable(
      ["source", "destination", "score", ...intervals],
      rankedEdges(found).map(({ index: _, ...row }) => row),
    ),
    baselines: baselineTable(found),
  };
}

export function baselineTable({
  metric,
  baselines,
}: Pick<EdgeScores, "metric" | "baselines">): EdgeTables["baselines"] {
  return createTable(
    ["pair", "metric", "clean", "corrupted"],
    baselines.map(({ clean, corrupted }, pair): EdgeBaseline => {
      return { pair, metric: metricName(metric), clean, corrupted };
    }),
  );
}

/** What a reader must know of the pairs, the metric and the intervals. */
export function edgeNotes(
  pairs: Parameters<typeof answerNotes>[0],
  { metric, baselines }: Pick<EdgeScores, "metric" | "baselines">,
): Note[] {
  const ranks = baselines.map(({ answerRank }) => answerRank);
  const scores = baselines.flatMap(({ clean, corrupted }) => [clean, corrupted]);
  const one: Note[] =
    pairs.length > 1
      ? []
      : [{ code: "ONE_PROMPT", text: "one pair: there is no interval, and others may differ." }];
  return [
    ...taskNotes(baselines.map(({ prefers }) => prefers)),
    ...answerNotes(pairs, ranks),
    ...saturationNotes(metricName(metric), scores),
    ...one,
  ];
}
