/**
 * Linear probes: what can be read from activations along a line, layer by layer, on prompts that the probe has not seen.
 *
 * Prompts come in pairs of two classes. A probe is fitted to all but a part of the pairs and judged on the rest, and every part is left
 * out once; both prompts of a pair stay on the same side, so that nothing of a held-out pair is known.
 *
 * Caveats. What can be read need not be used: steer or erase along the direction to find out. A wide probe fits anything; `control`, the
 * same on labels by chance, says how much of the accuracy is its own. Where classes differ in a word at the place that is read, the
 * probe reads that word. `longer` shows whether it still reads when other text stands before.
 *
 * Source: Alain & Bengio 2016, arXiv 1610.01644; control tasks: Hewitt & Liang 2019, arXiv 1909.03368; mass-mean probes: Marks & Tegmark
 * 2023, arXiv 2310.06824; sparse probing: Gurnee et al. 2023, arXiv 2305.01610.
 */
import { provenanceOf } from "@mlxterp/core";
import { InvalidArgumentError } from "@mlxterp/mlx";
import { bootstrapMean, createGrid, createTable, type Label, labelText, type Note, parseOptions } from "@mlxterp/results"; // biome-ignore format: one import
import { askedOf } from "../shared/asked.js";
import { type ClassPairs, classPairs } from "../shared/classes.js";
import { layersHaving } from "../shared/layers-having.js";
import type { AnalysisModel } from "../shared/model.js";
import type { PatchingPrompts } from "../shared/pairs.js";
import { positionLabels } from "../shared/prompts.js";
import { select } from "../shared/select.js";
import { type AskedProbe, type ProbeOptions, probeOptions, probeSites } from "./options.js";
import { type PairGroups, pairGroups, sharedPrompts } from "./pair-groups.js";
import { type CellResult, cellsOf } from "./probe-cells.js";
import type { ProbeResult } from "./result.js";

/**
 * Probes every layer.
 *
 * @param input `clean` prompts are of class 1, `corrupted` ones of class 0
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`), OutOfRangeError (`OUT_OF_RANGE`), NotFiniteError (`NOT_FINITE`), UnknownSiteError
 *   (`UNKNOWN_SITE`) for neurons of a model that has none; the signal's reason
 * @example
 * const { pairs } = builtInTask(model, "facts", { size: 6 });
 * const { grids } = await probe(model, pairs, { layers: [2], folds: 3 });
 * valueAt(grids.train, { layer: 2, position: "last" }); // 1
 */
export async function probe(
  model: AnalysisModel,
  input: PatchingPrompts,
  options?: ProbeOptions,
): Promise<ProbeResult> {
  const asked = parseOptions("probe", probeOptions, options);
  const pairs = classPairs(model, input);
  const { site } = asked;
  const wanted = { option: "site", word: site, site: probeSites[site], another: "another site" };
  const layers = layersHaving(model, wanted, asked.layers);
  const groups = pairGroups(pairs, asked.groups);
  checkAttention(asked);
  const position = positionsOf(model, pairs, asked);
  const found = await cellsOf(model, pairs, layers, { ...asked, held: groups });
  const labels = { layer: layers, position };
  const grid = (pick: (cell: CellResult) => number) =>
    createGrid({ labels, values: found.map(pick), unit: "share", neutral: 0.5 });
  const intervals = found.map(({ byPair }) => bootstrapMean(byPair));
  const low = Float64Array.from(intervals, (one) => one?.low ?? Number.NaN);
  const high = Float64Array.from(intervals, (one) => one?.high ?? Number.NaN);
  const best = found.map((cell, at) => ({
    layer: layers[Math.floor(at / position.length)],
    position: labelText(position[at % position.length]),
    accuracy: cell.accuracy,
    control: cell.control,
  }));
  best.sort((a, b) => (b.accuracy || 0) - (a.accuracy || 0) || a.layer - b.layer);
  const selectivity = found.map((cell) => cell.accuracy - cell.control);
  return {
    method: "probe",
    asked: askedOf(asked),
    fed: pairs.fed,
    grids: {
      accuracy: {
        ...grid((cell) => cell.accuracy),
        ...(found[0].byPair.length > 0 && { low, high }),
      },
      auroc: grid((cell) => cell.auroc),
      train: grid((cell) => cell.train),
      control: grid((cell) => cell.control),
      selectivity: createGrid({ labels, values: selectivity, unit: "share", neutral: 0 }),
      ...(asked.longer !== undefined && { longer: grid((cell) => cell.longer) }),
    },
    tables: { best: createTable(["layer", "position", "accuracy", "control"], best.slice(0, 5)) },
    notes: notesOf(pairs, groups, asked),
    provenance: provenanceOf(model, { seed: asked.seed }),
  };
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for options that a probe which learns where to look has not */
function checkAttention({ positions, rule, sparse }: AskedProbe): void {
  if (positions !== "attention") return;
  const given = sparse !== undefined ? { sparse } : rule !== "logistic" ? { rule } : {};
  for (const [name, value] of Object.entries(given)) {
    const rule =
      'says nothing of a probe of positions: "attention", which reads all coordinates by logistic regression.';
    throw new InvalidArgumentError(name, value, rule);
  }
}

function notesOf(pairs: ClassPairs, groups: PairGroups, { folds }: AskedProbe): Note[] {
  const { count, given } = groups;
  const what = given ? "group" : "pair";
  if (count === 1) {
    return [{ code: "NOT_HELD_OUT", text: `one ${what}: nothing can be held out, and any two prompts can be told apart. Give more ${what}s.` }]; // biome-ignore format: one note
  }
  const notes: Note[] = [];
  if (count < 2 * folds) notes.push({ code: "FEW_PAIRS", text: `${count} ${what}s: each accuracy is of few prompts; see its interval.` }); // biome-ignore format: one note
  const shared = sharedPrompts(pairs, groups);
  if (shared > 0) notes.push({ code: "SHARED_PROMPTS", text: `${shared} prompts stand in several pairs, which are not held out together: what is known of one is known of the other. Give groups.` }); // biome-ignore format: one note
  return notes;
}

function positionsOf(model: AnalysisModel, pairs: ClassPairs, { positions }: AskedProbe): Label[] {
  if (typeof positions === "string" && positions !== "each") return [positions];
  const ids = pairs.positive[0];
  const all = [...pairs.positive, ...pairs.negative];
  if (all.some(({ length }) => length !== ids.length)) {
    if (positions !== "each") return [...positions];
    throw new InvalidArgumentError("positions", positions, "needs prompts of one length; choose last, mean or max."); // biome-ignore format: one line
  }
  const chosen = positions === "each" ? undefined : positions;
  const at = select("Position", chosen, ids.length, "a prompt");
  return pairs.positive.length > 1 ? at : positionLabels(model, ids, at);
}
