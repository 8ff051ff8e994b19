/** `mlxterp patch`: which activations carry the difference between two prompts. */
import type { PatchingMatrix, PatchingResult } from "@mlxterp/analysis";
import { type Block, figure, heading, paragraph, table } from "../blocks.js";
import { defineCommand, sharedOptions } from "../command.js";
import { UsageError } from "../failure.js";
import { formatShort } from "../numbers.js";
import { choices, text, toggle } from "../options.js";
import { answerFor, exampleSentences, isTiny, promptFor, tokensBlock } from "../prompt.js";
import type { Cell } from "../table.js";
import { visibleToken } from "../text.js";

const kinds = ["residual", "attention", "mlp", "head"] as const;
const metrics = ["logitDifference", "probability", "logProbability"] as const;

export const patch = defineCommand({
  name: "patch",
  summary: "Activation patching: what restores a clean prompt's answer in a corrupted one",
  takesPrompt: false,
  options: {
    ...sharedOptions,
    clean: text("the prompt that gets the answer right", "prompt"),
    corrupted: text("the same with the decisive words exchanged, in as many tokens", "prompt"),
    answer: text("the clean prompt's answer, one token", "token"),
    wrong: text("the corrupted prompt's answer, to compare with", "token"),
    kind: choices("what is patched; default all four", kinds),
    metric: choices("default logitDifference with --wrong, else logProbability", metrics),
    noising: toggle("patch corrupted activations into the clean run instead"),
  },
  examples: [
    "--kind residual,head",
    "--clean 'the capital of France is' --corrupted 'the capital of Italy is' --answer Paris --wrong Rome",
  ],
  async run({ options }, context) {
    const pair = requirePair(options);
    const model = await context.loadModel(options.model);
    const { activationPatching } = await import("@mlxterp/analysis");
    const bar = context.progress("patching");
    const result = await activationPatching(model, {
      clean: promptFor(model, pair.clean),
      corrupted: promptFor(model, pair.corrupted),
      answer: answerFor(model, pair.answer, pair.clean),
      ...(pair.wrong !== undefined && {
        wrongAnswer: answerFor(model, pair.wrong, pair.corrupted),
      }),
      sites: options.kind ?? kinds,
      metric: options.metric?.[0],
      direction: options.noising ? "noising" : "denoising",
      signal: context.signal,
      onProgress: bar.update,
    }).finally(bar.stop);
    const blocks = patchBlocks(result);
    return {
      data: result,
      blocks,
      report: {
        title: `Activation patching of ${model.name}`,
        blocks,
        provenance: result.provenance,
      },
    };
  },
});

interface Pair {
  readonly clean: string;
  readonly corrupted: string;
  readonly answer: string;
  readonly wrong?: string;
}

interface PairOptions extends Partial<Pair> {
  readonly model: string | undefined;
}

function requirePair({ model, clean, corrupted, answer, wrong }: PairOptions): Pair {
  const missing = Object.entries({ clean, corrupted, answer }).filter(([, value]) => !value);
  if (clean && corrupted && answer) return { clean, corrupted, answer, wrong };
  if (missing.length === 3 && wrong === undefined && isTiny(model)) return exampleSentences;
  const names = missing.map(([name]) => `--${name}`).join(", ");
  throw new UsageError(`patch compares two prompts: ${names} is missing.`);
}

/** The pair, the baselines and a grid for each kind. */
export function patchBlocks(result: PatchingResult): Block[] {
  const [pair] = result.pairs;
  const { baseline } = pair;
  const lead = pair.wrongAnswer
    ? `${visibleToken(pair.answer.text)} against ${visibleToken(pair.wrongAnswer.text)}`
    : visibleToken(pair.answer.text);
  const into = result.direction === "denoising" ? "clean into corrupted" : "corrupted into clean";
  return [
    tokensBlock(pair.clean.pieces, "Clean"),
    tokensBlock(pair.corrupted.pieces, "Corrupted"),
    paragraph(
      `${result.metric} of ${lead}: ${formatShort(baseline.clean)} clean, ${formatShort(baseline.corrupted)} corrupted. Patched ${into}; 0 is the corrupted run, 1 the clean run.`,
    ),
    ...result.matrices.flatMap((matrix, index) => [
      ...matrixBlocks(matrix, result),
      figure(async () => (await import("@mlxterp/viz")).patchingFigure(result, { matrix: index })),
    ]),
  ];
}

const titles: Readonly<Record<PatchingMatrix["kind"], string>> = {
  residual: "Residual stream before each layer, by position",
  attention: "What attention adds, by position",
  mlp: "What the MLP adds, by position",
  head: "Single heads, at all positions",
};

function matrixBlocks(
  matrix: PatchingMatrix,
  { pairs: [pair], direction }: PatchingResult,
): Block[] {
  const { clean, corrupted } = pair;
  const columnTitle = ({ position, head }: PatchingMatrix["columns"][number]): string => {
    if (head !== null) return `head ${head}`;
    if (position === null) return "all";
    const [here, there] = [clean.pieces[position], corrupted.pieces[position]];
    return here === there ? visibleToken(here) : `${visibleToken(here)}/${visibleToken(there)}`;
  };
  return [
    heading(titles[matrix.kind]),
    table({
      columns: [
        { title: "layer" },
        ...matrix.columns.map((column) => ({
          title: columnTitle(column),
          align: "right" as const,
        })),
      ],
      rows: matrix.layers.map((layer, row) => [
        `${layer}`,
        ...matrix.normalized[row].map((value) => effectCell(value, direction)),
      ]),
      screenOnly: true,
      unit: matrix.kind === "head" ? "heads" : "positions",
      widest: 11,
    }),
    paragraph(strongest(matrix, direction, columnTitle)),
  ];
}

/** How far a patch moves the run it is made in: 0 not at all, 1 all the way. */
function movement(value: number, direction: PatchingResult["direction"]): number {
  return direction === "denoising" ? value : 1 - value;
}

function effectCell(value: number, direction: PatchingResult["direction"]): Cell {
  const moved = movement(value, direction);
  const text = formatShort(value);
  if (moved >= 0.5) return { text, style: ["bold", "green"] };
  if (moved <= -0.1) return { text, style: "red" };
  return Math.abs(moved) < 0.05 ? { text, style: "dim" } : text;
}

function strongest(
  { normalized, layers, columns }: PatchingMatrix,
  direction: PatchingResult["direction"],
  titleOf: (column: PatchingMatrix["columns"][number]) => string,
): string {
  const cells = normalized.flatMap((row, layer) =>
    row.map((value, column) => ({ value, layer, column })),
  );
  const best = cells.reduce((a, b) =>
    movement(b.value, direction) > movement(a.value, direction) ? b : a,
  );
  const column = columns[best.column];
  const place =
    column.head === null ? `"${titleOf(column)}" (${column.position})` : titleOf(column);
  return `Strongest: layer ${layers[best.layer]}, ${place}: ${formatShort(best.value)}.`;
}
