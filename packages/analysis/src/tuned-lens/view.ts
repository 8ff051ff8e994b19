/** A tuned lens as blocks: how far it and the logit lens are from the final prediction, and how training went. */
import {
  type Block,
  fedBlocks,
  formatNumber,
  formatPercent,
  type LinesBlock,
  labelText,
  noteBlocks,
  readsResult,
  section,
  type TableBlock,
} from "@mlxterp/results";
import { type TunedLensResult, tunedLensShape } from "./result.js";

/** Prompts that are shown: of many the first say what kind they are. */
const shown = 3;

export const tunedLensView = readsResult(tunedLensShape, (result: TunedLensResult): Block[] => {
  const training = lensTrainingLines(result);
  return [
    ...fedBlocks(result.fed.slice(0, shown)),
    ...noteBlocks(result.notes),
    section("From the final prediction, held out", layerTable(result)),
    { ...lensDistanceLines(result), only: "page" },
    ...(training ? [{ ...training, only: "page" as const }] : []),
  ];
});

function layerTable({ tables: { layers, prompts } }: TunedLensResult): TableBlock {
  const [{ trained, heldOut }] = prompts.rows;
  const right = (title: string) => ({ title, align: "right" as const });
  return {
    kind: "table",
    caption: `KL in nats on ${heldOut} prompts${trained > 0 ? `, after training on ${trained}` : ""}`,
    columns: [{ title: "read after" }, ...["logit lens", "tuned lens", "nearer on"].map(right)],
    rows: layers.rows.map(({ layer, logitLens, tunedLens, nearer }) => [
      layer,
      formatNumber(logitLens),
      formatNumber(tunedLens),
      formatPercent(nearer),
    ]),
  };
}

/**
 * KL to the final prediction, layer by layer: of the logit lens and of the tuned lens, with intervals over prompts.
 *
 * @example
 * const found = await tunedLens(model, ["Mary and John went home", "the key is"], { heldOut: 0.5, steps: 2 });
 * lensDistanceLines(found).lines.length; // 2
 */
export const lensDistanceLines = readsResult(
  tunedLensShape,
  ({ grids: { divergence } }: TunedLensResult): LinesBlock => {
    const { lens, layer } = divergence.labels;
    const own = (values: ArrayLike<number>, at: number) =>
      Array.from({ length: layer.length }, (_, depth) => values[at * layer.length + depth]);
    const { low, high } = divergence;
    return {
      kind: "lines",
      title: "How far from what the model says in the end",
      xTitle: "read after",
      yTitle: "KL, nats",
      x: layer.map(labelText),
      lines: lens.map((name, at) => ({
        label: labelText(name),
        values: own(divergence.values, at),
        ...(low && high && { low: own(low, at), high: own(high, at) }),
      })),
    };
  },
);

/**
 * The loss of every depth, step by step; undefined where nothing was trained.
 *
 * @example
 * const trained = await tunedLens(model, ["Mary and John went home", "the key is"], { heldOut: 0.5, steps: 2 });
 * lensTrainingLines(trained)?.x.length; // 2, one for each step
 */
export const lensTrainingLines = readsResult(
  tunedLensShape,
  ({ grids: { loss } }: TunedLensResult): LinesBlock | undefined => {
    if (!loss) return undefined;
    const { step, layer } = loss.labels;
    return {
      kind: "lines",
      title: "Training",
      xTitle: "step",
      yTitle: "KL, nats",
      x: step.map((one) => Number(one)),
      lines: layer.map((name, depth) => ({
        label: labelText(name),
        values: step.map((_, at) => loss.values[at * layer.length + depth]),
      })),
    };
  },
);
