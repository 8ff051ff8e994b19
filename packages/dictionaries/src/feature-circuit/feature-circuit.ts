/**
 * Feature circuits: which features of any dictionaries, and which of their errors, bring an answer about, and through which others.
 *
 * Dictionaries are spliced in with what they get wrong, so that the model computes what it did. The effect of a feature is what the answer's
 * log-probability would lose without it, estimated by its activation times the gradient there, or the mean gradient on the way
 * from nothing. The nodes with the largest effects are the circuit; an edge is what one node does to a later one's effect directly, with
 * the gradient stopped at all other places. How good the circuit is, is then measured, not estimated: all else is taken out of the model.
 *
 * Caveats. A gradient sees small changes: where an answer saturates, or features stand in for each other, the estimate is off (`steps`
 * helps with the first). Features are compared with nothing, not with another prompt. Errors are nodes: a circuit of errors explains
 * little. The first token is left as it is.
 *
 * Source: Marks et al. 2024, arXiv 2403.19647; integrated gradients: Sundararajan et al. 2017, arXiv 1703.01365.
 */
import { type Prompt, provenanceOf } from "@mlxterp/core";
import { InvalidArgumentError, mx } from "@mlxterp/mlx";
import { createTable, type Note, parseOptions } from "@mlxterp/results";
import { askedOf } from "../shared/asked.js";
import { type DictionaryModel, piecesOf, promptFed, promptsAsIds } from "../shared/model.js";
import { type Candidate, directEdges, type Effects, effectsOn } from "./effects.js";
import { answerWith, randomCircuit } from "./faithfulness.js";
import {
  type AskedFeatureCircuit,
  type FeatureCircuitOptions,
  featureCircuitOptions,
} from "./options.js";
import { type SplicedModel, splicedModel } from "./places.js";
import type { CircuitEdge, CircuitNode, CircuitScores, FeatureCircuitResult } from "./result.js";

/**
 * The circuit of each prompt.
 *
 * @returns one result for each prompt
 * @throws as `loadDictionary`; InvalidArgumentError (`INVALID_ARGUMENT`) for two dictionaries at one place, or an answer that is no single
 * token; UnknownSiteError (`UNKNOWN_SITE`); the signal's reason
 * @example
 * const [{ tables }] = await featureCircuit(model, "the capital of France is", { nodes: 4 });
 * tables.nodes.rows.length; // 4
 */
export async function featureCircuit(
  model: DictionaryModel,
  input: Prompt,
  options?: FeatureCircuitOptions,
): Promise<FeatureCircuitResult[]> {
  const asked = parseOptions("featureCircuit", featureCircuitOptions, options);
  const spliced = splicedModel(model, asked);
  const results: FeatureCircuitResult[] = [];
  const prompts = promptsAsIds(model, input);
  for (const ids of prompts) {
    asked.signal?.throwIfAborted();
    results.push(await oneCircuit(model, spliced, ids, asked));
    asked.onProgress?.({ done: results.length, total: prompts.length, stage: "circuits" });
  }
  return results;
}

async function oneCircuit(
  model: DictionaryModel,
  spliced: SplicedModel,
  ids: readonly number[],
  asked: AskedFeatureCircuit,
): Promise<FeatureCircuitResult> {
  const answer = await answerOf(model, ids, asked.answer);
  const effects = await effectsOn(spliced, ids, answer, asked.steps);
  const chosen = [...effects.candidates]
    .sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect))
    .slice(0, asked.nodes);
  const pieces = piecesOf(model, ids);
  const nodes = chosen.map((one) => nodeOf(spliced, one, pieces));
  const edges = await edgesBetween(spliced, ids, chosen, effects, asked);
  const scores = await scoresOf(spliced, ids, answer, { chosen, effects, asked });
  const [text] = piecesOf(model, [answer]);
  return {
    method: "feature-circuit",
    asked: askedOf(asked),
    fed: [promptFed(model, ids)],
    grids: {},
    tables: {
      nodes: createTable(
        ["id", "site", "position", "token", "feature", "activation", "effect"],
        nodes,
      ),
      edges: createTable(["source", "target", "weight"], edges),
      scores: createTable(
        ["answer", "whole", "circuit", "nothing", "faithfulness", "byChance", "candidates"],
        [{ answer: text, ...scores }],
      ),
    },
    notes: notesOf(chosen, scores),
    provenance: provenanceOf(model),
  };
}

async function answerOf(
  model: DictionaryModel,
  ids: readonly number[],
  given: string | undefined,
): Promise<number> {
  if (given === undefined) {
    using cache = await model.run([[...ids]], { save: "output" });
    return Number(mx.argmax(cache.get("output").index(0, ids.length - 1)).item());
  }
  const { tokenizer } = model;
  const start = tokenizer?.encode("").length ?? 0; // a first token that every text gets
  const own = tokenizer?.encode(given).slice(start) ?? [];
  if (own.length === 1) return own[0];
  const rule = `it is ${own.length} tokens of this model, and one is needed, with its blank where words begin with one.`;
  throw new InvalidArgumentError("answer", given, rule);
}

function idOf({ places }: SplicedModel, { place, position, feature }: Candidate): string {
  return `${places[place].site}:${feature ?? "error"}:${position}`;
}

function nodeOf(spliced: SplicedModel, one: Candidate, pieces: readonly string[]): CircuitNode {
  const { place, position, feature, activation, effect } = one;
  return {
    ...{ id: idOf(spliced, one), site: spliced.places[place].site, position },
    ...{ token: pieces[position], feature: feature ?? null, effect },
    activation: feature === undefined ? null : activation,
  };
}

async function edgesBetween(
  spliced: SplicedModel,
  ids: readonly number[],
  chosen: readonly Candidate[],
  { gradients }: Effects,
  { signal }: AskedFeatureCircuit,
): Promise<CircuitEdge[]> {
  const edges: CircuitEdge[] = [];
  for (const place of new Set(chosen.map((one) => one.place))) {
    signal?.throwIfAborted();
    const targets = chosen.filter((one) => one.place === place);
    const sources = chosen.filter((one) => one.place < place);
    if (sources.length === 0) continue;
    const weights = await directEdges(spliced, ids, targets, sources, gradients);
    targets.forEach((target, row) => {
      sources.forEach((source, column) => {
        const weight = weights[row][column];
        if (weight === 0) return; // later positions reach no earlier ones
        edges.push({ source: idOf(spliced, source), target: idOf(spliced, target), weight });
      });
    });
  }
  return edges;
}

interface Found {
  readonly chosen: readonly Candidate[];
  readonly effects: Effects;
  readonly asked: AskedFeatureCircuit;
}

async function scoresOf(
  spliced: SplicedModel,
  ids: readonly number[],
  answer: number,
  { chosen, effects: { candidates }, asked }: Found,
): Promise<Omit<CircuitScores, "answer">> {
  const run = (kept: readonly Candidate[]) => answerWith(spliced, ids, answer, kept);
  const [whole, circuit, nothing] = [await run(candidates), await run(chosen), await run([])];
  const effect = whole - nothing;
  const share = (value: number) => (value - nothing) / effect;
  let sum = 0;
  for (let draw = 0; draw < asked.random; draw++) {
    asked.signal?.throwIfAborted();
    sum += share(await run(randomCircuit(candidates, chosen.length, asked.seed + draw)));
  }
  const byChance = asked.random > 0 && effect !== 0 ? sum / asked.random : null;
  const faithfulness = effect === 0 ? null : share(circuit);
  const scores = { whole, circuit, nothing, faithfulness, byChance };
  return { ...scores, candidates: candidates.length };
}

function notesOf(chosen: readonly Candidate[], scores: Omit<CircuitScores, "answer">): Note[] {
  const notes: Note[] = [];
  const { faithfulness, byChance, whole, nothing } = scores;
  if (Math.abs(whole - nothing) < 0.1) {
    const text = chosen.length
      ? "The answer is as likely without any of the nodes: faithfulness divides by nearly nothing."
      : "There are no nodes: the first token keeps what it has, and the prompt is no longer.";
    notes.push({ code: "NOTHING_TO_EXPLAIN", text });
  } else if (byChance !== null && faithfulness !== null && faithfulness <= byChance) {
    const text = "The circuit keeps no more of the answer than random ones of its size.";
    notes.push({ code: "NO_BETTER_THAN_CHANCE", text });
  }
  const errors = chosen.filter(({ feature }) => feature === undefined).length;
  if (errors * 2 > chosen.length) {
    const text = `${errors} of ${chosen.length} nodes are errors of the dictionaries, which nothing explains.`;
    notes.push({ code: "MOSTLY_ERRORS", text });
  }
  return notes;
}
