/**
 * Attribution graphs: which features make the model say what it says, and through which others.
 *
 * Transcoders take the output of every MLP apart into features and an error. With attention patterns and the denominators of norms held at
 * their values all else is linear, so how much each feature, error and token moves each later feature and each logit is exact, and adds up to
 * what is there. From the logits back, influence is shared out over all paths; the nodes that have most of it, and the edges that
 * carry it, are the graph.
 *
 * Caveats. The graph is of this prompt, and of the replacement: why attention looks where it does is not in it, and errors stand for what
 * transcoders miss (`replacement` and `completeness` say how much). Transcoders that write to later layers may skip steps that the model
 * takes. A claim about the model wants the features changed in the model itself (`spliceDictionary`). The first token's features and errors are
 * left out, as its activations are outliers. `loadings` tells which heads carried the strongest edges. Gates of attention outputs, where a family has them, are not held.
 *
 * Source: Ameisen, Lindsey et al. 2025, "Circuit Tracing"; Dunefsky et al. 2024, arXiv 2406.11944; scores and pruning as
 * circuit-tracer computes them.
 */
import { type Prompt, provenanceOf } from "@mlxterp/core";
import { createTable, type Note, parseOptions } from "@mlxterp/results";
import { loadTranscoders } from "../loading/load.js";
import { askedOf } from "../shared/asked.js";
import { type DictionaryModel, promptFed, promptsAsIds } from "../shared/model.js";
import { checkShipped } from "../shipped/shipped.js";
import type { Transcoders } from "../transcoders/transcoder-set.js";
import { adjacencyOf, logitTargets } from "./adjacency.js";
import { headLoadings, strongestBetween } from "./head-loadings.js";
import { type GraphInfluence, graphInfluence, pruneGraph } from "./influence.js";
import { type AskedGraph, type GraphOptions, graphOptions } from "./options.js";
import { type Replacement, replacementOf } from "./replacement.js";
import type { GraphResult } from "./result.js";
import { graphTables } from "./tables.js";

/**
 * The graph of each prompt, to its likeliest next tokens.
 *
 * @returns one result for each prompt
 * @throws as `loadTranscoders`; InvalidArgumentError (`INVALID_ARGUMENT`) for transcoders of another number of layers,
 * UnknownSiteError (`UNKNOWN_SITE`); the signal's reason
 * @example
 * const [{ tables }] = await attributionGraph(model, "the capital of France is", { logits: 3 });
 * tables.nodes.rows.at(-1)!.kind; // "logit"
 */
export async function attributionGraph(
  model: DictionaryModel,
  input: Prompt,
  options?: GraphOptions,
): Promise<GraphResult[]> {
  const asked = parseOptions("attributionGraph", graphOptions, options);
  checkShipped(model, "transcoders", asked.transcoders);
  const transcoders = loadTranscoders(asked.transcoders);
  const results: GraphResult[] = [];
  for (const ids of promptsAsIds(model, input)) {
    asked.signal?.throwIfAborted();
    results.push(await oneGraph(model, transcoders, ids, asked));
  }
  return results;
}

async function oneGraph(
  model: DictionaryModel,
  transcoders: Transcoders,
  ids: readonly number[],
  asked: AskedGraph,
): Promise<GraphResult> {
  const replacement = await replacementOf(model, transcoders, ids);
  const targets = logitTargets(replacement.logits, asked);
  const graph = await adjacencyOf(transcoders, replacement, targets, asked);
  const found = graphInfluence(graph);
  const kept = pruneGraph(graph, found, asked);
  const wanted = asked.loadings > 0 ? strongestBetween(graph, kept.keeps, asked.loadings) : [];
  const loadings = await headLoadings(transcoders, replacement, graph, wanted, asked);
  const tables = graphTables(model, ids, graph, found, kept, loadings);
  const features = graph.features.length;
  const scores = {
    ...{ replacement: found.replacement, completeness: found.completeness },
    ...{ active: replacement.active.length, features },
    kept: kept.nodes.subarray(0, features).reduce((sum, one) => sum + one, 0),
  };
  return {
    method: "graph",
    asked: askedOf(asked),
    fed: [promptFed(model, ids)],
    grids: {},
    tables: {
      ...tables,
      scores: createTable(["replacement", "completeness", "active", "features", "kept"], [scores]),
    },
    notes: notesOf(transcoders, replacement, found, scores.active - features),
    provenance: provenanceOf(model),
  };
}

/** Below this, most of what is said comes from what is not explained. */
const poor = 0.5;

function notesOf(
  transcoders: Transcoders,
  { explained }: Replacement,
  { replacement }: GraphInfluence,
  left: number,
): Note[] {
  const notes: Note[] = [];
  if (replacement < poor) {
    const share = `${(100 * (1 - replacement)).toFixed(0)} %`;
    notes.push({
      code: "MOSTLY_ERRORS",
      text: `${share} of what reaches the targets comes from errors of the transcoders.`,
    });
  }
  if (left > 0) {
    const text = `${left} features that are on were left out, those with least influence; raise maxFeatures for all.`;
    notes.push({ code: "FEATURES_LEFT_OUT", text });
  }
  if (transcoders.kind === "cross-layer") {
    const least = Math.min(...explained);
    const share = `${(100 * least).toFixed(0)} %`;
    const text = `Transcoders across layers may skip steps that the model takes: check what you find by changing it. Here they predict ${share} of the variance of layer ${explained.indexOf(least)}, where that is least.`;
    notes.push({ code: "CROSS_LAYER", text });
  }
  return notes;
}
