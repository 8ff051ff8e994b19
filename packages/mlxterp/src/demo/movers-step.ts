/** Step 3: which heads move the answer, and on which way it travels. */
import type { AttentionResult, AttributionResult, PatchingResult } from "@mlxterp/analysis";
import type { LanguageModel } from "@mlxterp/models";
import { type Block, figure, paragraph, table } from "../cli/blocks.js";
import { formatShort } from "../cli/numbers.js";
import type { Step } from "./step.js";
import { allHeads, type Head, headName, place, type Story } from "./story.js";

/** What one head has to do with the answer. */
export interface Mover extends Head {
  /** Share of the lead that comes back when the clean value is patched into the corrupted run. */
  readonly restored: number;
  /** Logits that it writes to the lead itself, past all later parts. */
  readonly written: number;
  /** Where the last token looks most. */
  readonly looksAt: string;
  readonly weight: number;
}

/** Before each layer, the position that carries most of the difference. */
export interface Station {
  readonly layer: number;
  readonly position: number;
  readonly restored: number;
}

export interface Movers {
  /** Most effect first. */
  readonly heads: readonly Mover[];
  readonly path: readonly Station[];
  /** The tokens of the clean sentence. */
  readonly pieces: readonly string[];
}

export async function moversStep(
  model: LanguageModel,
  story: Story,
  signal: AbortSignal,
): Promise<Step<Movers>> {
  const analysis = await import("@mlxterp/analysis");
  const names = { answer: story.answer, wrongAnswer: story.wrong };
  const patching = await analysis.activationPatching(model, {
    clean: story.clean,
    corrupted: story.corrupted,
    ...names,
    sites: ["residual", "head"],
    signal,
  });
  const attribution = await analysis.directLogitAttribution(model, story.clean, names);
  const attention = await analysis.attentionPatterns(model, story.clean);
  const data: Movers = {
    heads: moversOf(model, patching, attribution.heads, attention),
    path: pathOf(patching),
    pieces: attention.prompt.pieces,
  };
  return {
    name: "heads",
    title: "Which heads move it?",
    data,
    provenance: [patching.provenance, attribution.provenance, attention.provenance],
    blocks: [
      moverTable(data),
      paragraph(
        "restores: share of the lead that the head's clean value brings back, 1 is all; writes: logits it adds to the lead itself.",
        "dim",
      ),
      paragraph(moverSentence(data.heads)),
      paragraph(pathSentence(data)),
      ...moverFigures(patching, attribution),
      { kind: "attention", result: attention },
    ],
  };
}

function moverFigures(patching: PatchingResult, attribution: AttributionResult): Block[] {
  const [{ answer, wrongAnswer }] = patching.pairs;
  const patched = patching.matrices.map((_, matrix) =>
    figure(async () => (await import("@mlxterp/viz")).patchingFigure(patching, { matrix })),
  );
  const written = figure(async () =>
    (await import("@mlxterp/viz")).headFigure(attribution.heads, {
      title: "What each head writes to the lead itself",
      subtitle: `Direct logit attribution of ${answer.text} − ${wrongAnswer?.text} in the clean sentence`,
      legend: "logits",
    }),
  );
  return [...patched, written];
}

function moversOf(
  model: LanguageModel,
  patching: PatchingResult,
  written: readonly (readonly number[])[],
  { prompt, patterns }: AttentionResult,
): Mover[] {
  const effects = patching.matrices.find(({ kind }) => kind === "head");
  const size = prompt.ids.length;
  const movers = allHeads(model).map(({ layer, head }, index): Mover => {
    const row = [...patterns[index].weights.subarray((size - 1) * size)]; // of the last token
    const weight = Math.max(...row);
    return {
      layer,
      head,
      restored: effects?.normalized[layer][head] ?? 0,
      written: written[layer][head],
      looksAt: prompt.pieces[row.indexOf(weight)],
      weight,
    };
  });
  return movers.sort((a, b) => b.restored - a.restored);
}

function pathOf({ matrices }: PatchingResult): Station[] {
  const residual = matrices.find(({ kind }) => kind === "residual");
  return (residual?.layers ?? []).map((layer, index) => {
    const row = residual?.normalized[index] ?? [];
    const restored = Math.max(...row);
    return { layer, position: row.indexOf(restored), restored };
  });
}

/** Heads beyond these do little. */
const shown = 6;

function moverTable({ heads, pieces }: Movers) {
  return table({
    columns: [
      { title: "head" },
      { title: "restores", align: "right" },
      { title: "writes", align: "right" },
      { title: `"${pieces[pieces.length - 1]}" looks at` },
    ],
    rows: heads
      .slice(0, shown)
      .map((mover) => [
        headName(mover),
        formatShort(mover.restored),
        formatShort(mover.written),
        `${mover.looksAt} ${formatShort(mover.weight)}`,
      ]),
  });
}

/** Which head carries most, and which one writes most directly. */
export function moverSentence(heads: readonly Mover[]): string {
  const [first] = heads;
  const writer = heads.reduce((a, b) => (b.written > a.written ? b : a));
  const share = Math.round(first.restored * 100);
  const carries = `Head ${headName(first)}, looking at "${first.looksAt}", restores ${share} % of the lead when its clean value is patched into the corrupted run.`;
  if (writer === first)
    return `${carries} It also writes most of it: ${formatShort(writer.written)} logits.`;
  return `${carries} The largest direct write, ${formatShort(writer.written)} logits, is by head ${headName(writer)}, which looks at "${writer.looksAt}".`;
}

/** Where the difference between the sentences is before each layer, and where it moves. */
export function pathSentence({ path, pieces }: Omit<Movers, "heads">): string {
  const [start] = path;
  const moves = path.filter(
    ({ position }, index) => index > 0 && position !== path[index - 1].position,
  );
  const opening = `Before layer ${start.layer} the difference lies at ${place(pieces, start.position)}`;
  if (moves.length === 0) return `${opening} and stays there.`;
  const steps = moves.map(
    ({ layer, position, restored }) =>
      `layer ${layer - 1} moves it to ${place(pieces, position)}, where ${Math.round(restored * 100)} % of the lead can be restored`,
  );
  return `${opening}; ${steps.join("; ")}.`;
}
