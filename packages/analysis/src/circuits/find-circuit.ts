/**
 * Circuits: the few edges that are enough for the answer, and how sure one can be of that.
 *
 * Edges are scored (edge attribution), the strongest make a circuit, and the model is run with every other edge carrying
 * what the corrupted prompt wrote. What is left of the difference between the prompts is the circuit's faithfulness: 1 says
 * that these edges alone do it. That is worth little by itself, so random circuits of the same size stand beside it, and
 * `without` says what the rest of the model can do when just these edges are corrupted.
 *
 * Caveats. A circuit explains these prompts with this way of corrupting them. Faithfulness may exceed 1, since parts that
 * speak against the answer are left out. The mean over pairs hides pairs that fail; the grid has each.
 *
 * Source: Wang et al. 2022, arXiv 2211.00593 (faithfulness, completeness); Hanna et al. 2024, arXiv 2403.17806; areas and
 * fractions: Mueller et al. 2025, arXiv 2504.13151 (MIB); random circuits: Shi et al. 2024, arXiv 2410.13032.
 */
import { provenanceOf } from "@mlxterp/core";
import { uniformNumbers } from "@mlxterp/mlx";
import { createGrid, createTable, parseOptions } from "@mlxterp/results";
import { baselineTable, edgeNotes } from "../edge-attribution/edge-attribution.js";
import { type EdgeScores, edgeScores, rankedEdges } from "../edge-attribution/edge-scores.js";
import { type EdgeSet, edgeSet, sizeOf } from "../graph/graph.js";
import { pruned } from "../graph/prune.js";
import { askedOf } from "../shared/asked.js";
import { mean } from "../shared/lists.js";
import { meanScores } from "../shared/mean-scores.js";
import type { AnalysisModel } from "../shared/model.js";
import { type PatchingPrompts, type PromptPair, resolvePairs } from "../shared/pairs.js";
import { judgeEdges } from "./judge.js";
import { circuitAreas } from "./measures.js";
import { type AskedCircuit, type CircuitOptions, circuitOptions } from "./options.js";
import type { CircuitResult, CircuitSize } from "./result.js";
import { complement, randomEdges, strongest } from "./select.js";

/**
 * Scores all edges, and judges circuits of several sizes.
 *
 * @param input pairs of prompts, as for `activationPatching`
 * @returns faithfulness by size beside that of random circuits, and the edges of the circuit that keeps `keep` of all
 * @throws what `edgeAttribution` throws
 * @example
 * const { tables } = await findCircuit(model, { clean, corrupted }, { answer: "Mary", wrongAnswer: "John", keep: 0.1 });
 * const { faithfulness, randomMost } = tables.sizes.rows.find(({ fraction }) => fraction === 0.1)!;
 */
export async function findCircuit(
  model: AnalysisModel,
  input: PatchingPrompts,
  options: CircuitOptions,
): Promise<CircuitResult> {
  const asked = parseOptions("findCircuit", circuitOptions, options);
  const read = resolvePairs(model, input, asked);
  const found = await edgeScores(model, read, asked);
  const { metric } = found;
  const { sizes, byPair, circuit } = await judgeSizes(model, read.pairs, found, asked);
  const { fractions } = asked;
  const faithful = fractions.map((_, index) => sizes[index].faithfulness);
  const areas = circuitAreas(fractions, faithful);
  const rows = rankedEdges(found).filter(({ index }) => circuit[index] === 1);
  const intervals = read.pairs.length > 1 ? (["low", "high"] as const) : [];
  const random = asked.random > 0 ? (["randomMean", "randomMost"] as const) : [];
  return {
    method: "circuit",
    asked: askedOf(asked, { ...read.asked, ...(typeof metric === "string" && { metric }) }),
    fed: read.pairs.flatMap(({ clean, corrupted }) => [clean, corrupted]),
    grids: {
      faithfulness: createGrid({
        labels: {
          fraction: sizes.map(({ fraction }) => fraction),
          pair: read.pairs.map((_, pair) => pair),
        },
        values: byPair.flat(),
        unit: "share",
      }),
    },
    tables: {
      sizes: createTable(
        ["fraction", "edges", "onPaths", "faithfulness", "without", ...random],
        sizes,
      ),
      edges: createTable(["source", "destination", "score", ...intervals], rows.map(({ index: _, ...row }) => row)), // biome-ignore format: one table
      summary: createTable(["cpr", "cmd", "allEdges"], [{ ...areas, allEdges: found.graph.edges }]),
      baselines: baselineTable(found),
    },
    notes: [...read.notes, ...edgeNotes(read.pairs, found)],
    provenance: provenanceOf(model, { seed: asked.seed }),
  };
}

/** @returns a row for every fraction, and last for `keep` where that is none of them */
async function judgeSizes(
  model: AnalysisModel,
  pairs: readonly PromptPair[],
  found: EdgeScores,
  asked: AskedCircuit,
): Promise<{ sizes: CircuitSize[]; byPair: number[][]; circuit: EdgeSet }> {
  const { graph, metric, baselines, byPair } = found;
  const { fractions, keep, random, seed, batchSize, signal, onProgress } = asked;
  const scores = meanScores(byPair).mean;
  const all = fractions.includes(keep) ? fractions : [...fractions, keep];
  const draw = uniformNumbers(seed);
  const circuits = all.map((fraction) => strongest(graph, scores, Math.floor(fraction * graph.edges + 1e-9))); // biome-ignore format: one line
  const others = circuits.map((set) =>
    Array.from({ length: random }, () => randomEdges(graph, sizeOf(set), draw)),
  );
  const runs = circuits.flatMap((set, index) => [
    complement(graph, set),
    set,
    ...others[index].map((one) => complement(graph, one)),
  ]);
  const onRows = (done: number, total: number) => onProgress?.({ done, total, stage: "judging circuits" }); // biome-ignore format: one line
  const judged = await judgeEdges({ model, graph, pairs, metric, batchSize, signal, onRows }, runs);
  const clean = mean(baselines.map((one) => one.clean));
  const corrupted = mean(baselines.map((one) => one.corrupted));
  const share = (values: readonly number[]) => (mean(values) - corrupted) / (clean - corrupted);
  const step = 2 + random;
  const sizes = all.map((fraction, index): CircuitSize => {
    const [kept, without, ...drawn] = judged.slice(index * step, (index + 1) * step).map(share);
    const set = circuits[index];
    const null_ = random > 0 && { randomMean: mean(drawn), randomMost: Math.max(...drawn) };
    return { fraction, edges: sizeOf(set), onPaths: sizeOf(pruned(graph, set)), faithfulness: kept, without, ...null_ }; // biome-ignore format: one row
  });
  const each = all.map((_, index) =>
    judged[index * step].map((value, pair) => {
      const one = baselines[pair];
      return (value - one.corrupted) / (one.clean - one.corrupted);
    }),
  );
  return { sizes, byPair: each, circuit: circuits[all.indexOf(keep)] ?? edgeSet(graph) };
}
