/**
 * Circuits: the few edges that are enough for the answer, and how sure one can be of that.
 *
 * Edges are scored (edge attribution), the strongest make a circuit, and the model is run with every other edge carrying
 * what the corrupted prompt wrote. What is left of the difference between the prompts is the circuit's faithfulness: 1 says
 * that these edges alone do it. That is worth little by itself, so random circuits of the same size stand beside it, and
 * `without` says what the rest of the model can do when just these edges are corrupted. `minimality` leaves out single edges of the circuit:
 * what loses nothing need not be there. `completeness` leaves a part out of the circuit and of the whole model: where
 * the model loses less, it has something that the circuit lacks.
 *
 * Caveats. A circuit explains these prompts with this way of corrupting them. Faithfulness may exceed 1, since parts that
 * speak against the answer are left out. The mean over pairs hides pairs that fail; the grid has each.
 *
 * Source: Wang et al. 2022, arXiv 2211.00593 (faithfulness, completeness, minimality); Hanna et al. 2024, arXiv 2403.17806; areas and
 * fractions: Mueller et al. 2025, arXiv 2504.13151 (MIB); random circuits: Shi et al. 2024, arXiv 2410.13032.
 */
import { provenanceOf } from "@mlxterp/core";
import { InvalidArgumentError } from "@mlxterp/mlx";
import { createGrid, createTable, parseOptions } from "@mlxterp/results";
import { baselineTable, edgeNotes } from "../edge-attribution/edge-attribution.js";
import { edgeScores, rankedEdges } from "../edge-attribution/edge-scores.js";
import { askedOf } from "../shared/asked.js";
import type { AnalysisModel } from "../shared/model.js";
import {
  checkSameLength,
  type PatchingPrompts,
  type PromptPair,
  resolvePairs,
} from "../shared/pairs.js";
import { judgeSizes } from "./judge-sizes.js";
import { circuitAreas } from "./measures.js";
import { type AskedCircuit, type CircuitOptions, circuitOptions } from "./options.js";
import type { CircuitResult } from "./result.js";

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
  const read = resolvePairs(model, input, asked, { sequences: true, spans: true });
  requireAblation(read.pairs, asked.ablation);
  const found = await edgeScores(model, read, asked);
  const { metric } = found;
  if (asked.ablation === "position-mean") checkSameLength(read.pairs);
  const { sizes, byPair, circuit, needed, leftOut } = await judgeSizes(
    model,
    read.pairs,
    found,
    asked,
  );
  const { fractions } = asked;
  const faithful = fractions.map((_, index) => sizes[index].faithfulness);
  const areas = circuitAreas(fractions, faithful);
  const rows = rankedEdges(found).filter(({ index }) => circuit[index] === 1);
  const intervals = found.byPair.length > 1 ? (["low", "high"] as const) : [];
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
      minimality: createTable(["source", "destination", "loss"], needed),
      completeness: createTable(["edges", "circuit", "model", "gap"], leftOut),
      summary: createTable(["cpr", "cmd", "allEdges"], [{ ...areas, allEdges: found.graph.edges }]),
      baselines: baselineTable(found),
    },
    notes: [...read.notes, ...edgeNotes(read.pairs, found)],
    provenance: provenanceOf(model, { seed: asked.seed }),
  };
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for means of prompts that stand at other positions */
function requireAblation(pairs: readonly PromptPair[], ablation: AskedCircuit["ablation"]): void {
  if (ablation !== "mean" && ablation !== "position-mean") return;
  if (!pairs.some(({ aligned }) => aligned)) return;
  const rule = "means are taken over the corrupted prompts' positions, and spans put only some of them in place; choose patch or zero."; // biome-ignore format: one rule
  throw new InvalidArgumentError("ablation", ablation, rule);
}
