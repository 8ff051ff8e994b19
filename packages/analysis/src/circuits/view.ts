/** Circuits as blocks: faithfulness by size beside random circuits, and the edges of the one that is kept. */
import {
  type Block,
  fedBlocks,
  formatNumber,
  formatPercent,
  type LinesBlock,
  noteBlocks,
  readsResult,
  text,
} from "@mlxterp/results";
import { baselineText, edgeGraph } from "../edge-attribution/view.js";
import { mean } from "../shared/lists.js";
import { type CircuitResult, circuitShape } from "./result.js";

/** Edges that are drawn. */
const drawn = 60;

export const circuitView = readsResult(circuitShape, (result: CircuitResult): Block[] => {
  const { sizes, edges, summary, baselines } = result.tables;
  const keep = Number(result.asked.keep);
  const kept = sizes.rows.find(({ fraction }) => fraction === keep)!; // `keep` is always judged
  const [{ cpr, cmd, allEdges }] = summary.rows;
  const ablated = ablatedWord(result);
  const null_ =
    kept.randomMean === undefined
      ? ""
      : `; random circuits of this size keep ${formatPercent(kept.randomMean)}, the best of them ${formatPercent(kept.randomMost!)}`;
  return [
    ...fedBlocks(result.fed),
    ...noteBlocks(result.notes),
    text(
      `${baselineText(baselines.rows)} 0 is the run with everything ${ablated}, 1 the clean run.`,
    ),
    text(
      `${kept.edges} of ${allEdges} edges keep ${formatPercent(kept.faithfulness)} of the difference${null_}. With just these ${ablated}, ${formatPercent(kept.without)} remain.`,
    ),
    faithfulnessLines(result),
    ...needBlocks(result),
    text(`Areas over the share of edges: CPR ${formatNumber(cpr)}, CMD ${formatNumber(cmd)}.`),
    edgeGraph("The circuit", edges.rows.slice(0, drawn)),
  ];
});

function ablatedWord({ asked }: CircuitResult): string {
  const words = { zero: "set to zero", mean: "set to its mean", "position-mean": "set to its mean at each position" }; // biome-ignore format: one object
  return words[asked.ablation as keyof typeof words] ?? "corrupted";
}

/** Whether all of it is needed, and whether it is all. */
function needBlocks({ tables: { minimality, completeness } }: CircuitResult): Block[] {
  const blocks: Block[] = [];
  if (minimality.rows.length > 0) {
    const idle = minimality.rows.filter(({ loss }) => loss < 0.01).length;
    const line = `Minimality: ${minimality.rows.length} edges left out one by one; without ${idle} of them the circuit loses less than 1 %.`;
    blocks.push(text(line));
  }
  if (completeness.rows.length > 0) {
    const gaps = completeness.rows.map(({ gap }) => gap);
    const line = `Completeness: without a random part, circuit and model are ${formatPercent(mean(gaps))} apart, at most ${formatPercent(Math.max(...gaps))} (0 where the circuit has all that the model has).`;
    blocks.push(text(line));
  }
  return blocks;
}

/**
 * Faithfulness over the size of the circuit.
 *
 * @example
 * const found = await findCircuit(model, { clean, corrupted }, { answer: "Mary", wrongAnswer: "John" });
 * faithfulnessLines(found).lines[0].label; // "strongest edges"
 */
export const faithfulnessLines = readsResult(circuitShape, (result: CircuitResult): LinesBlock => {
  const rows = [...result.tables.sizes.rows].sort((a, b) => a.fraction - b.fraction);
  const random = rows[0].randomMean !== undefined;
  return {
    kind: "lines",
    title: "What is left with the strongest edges alone",
    subtitle: `edges scored by ${result.asked.scoring}; all others ${ablatedWord(result)}`,
    xTitle: "share of all edges",
    yTitle: "faithfulness",
    x: rows.map(({ fraction }) => formatPercent(fraction)),
    lines: [
      { label: "strongest edges", values: rows.map(({ faithfulness }) => faithfulness) },
      { label: "all but these", values: rows.map(({ without }) => without) },
      ...(random ? [{ label: "random edges", values: rows.map(({ randomMean }) => randomMean ?? null) }] : []), // biome-ignore format: one line
    ],
  };
});
