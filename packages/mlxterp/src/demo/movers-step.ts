/** Step 3: which heads move the answer, and on which way it travels. */
import type { LanguageModel } from "@mlxterp/models";
import type { Block } from "@mlxterp/results";
import { formatCell } from "@mlxterp/results";
import { onPage, paragraph, table } from "../cli/blocks/blocks.js";
import {
  type Mover,
  type MoverResults,
  type Movers,
  measureMovers,
  summarizeMovers,
} from "./movers.js";
import type { Step } from "./step.js";
import { headName, place, type Story } from "./story.js";

export async function moversStep(
  model: LanguageModel,
  story: Story,
  signal: AbortSignal,
): Promise<Step<Movers>> {
  const results = await measureMovers(model, story, signal);
  const data = await summarizeMovers(model, results);
  const { patching, attribution, attention } = results;
  return {
    name: "heads",
    title: "Which heads move it?",
    data,
    provenance: [patching.provenance, attribution.provenance, attention.provenance],
    blocks: [
      moverTable(data),
      paragraph(legend, "quiet"),
      paragraph(moverSentence(data.heads)),
      paragraph(pathSentence(data)),
      ...(await moverFigures(results, data.heads[0])),
    ],
  };
}

const legend =
  "restores: share of the lead that the head's clean value brings back, 1 is all; writes: logits it adds to the lead itself.";

/** The maps behind the table, and every pattern, opened at the head that the story is about. */
async function moverFigures(results: MoverResults, { layer, head }: Mover): Promise<Block[]> {
  const { headGrid, headPatterns, patchingGrid } = await import("@mlxterp/analysis");
  const { patching, attribution, attention } = results;
  const written = {
    ...headGrid(attribution),
    title: "What each head writes to the lead itself",
  };
  return [
    onPage(patchingGrid(patching, "residual")),
    onPage(patchingGrid(patching, "head")),
    onPage(written),
    onPage({
      kind: "attention",
      pieces: attention.fed[0].pieces,
      causal: true,
      patterns: headPatterns(attention),
      open: { layer, head },
    }),
  ];
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
        formatCell(mover.restored),
        formatCell(mover.written),
        `${mover.looksAt} ${formatCell(mover.weight)}`,
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
    return `${carries} It also writes most of it: ${formatCell(writer.written)} logits.`;
  return `${carries} The largest direct write, ${formatCell(writer.written)} logits, is by head ${headName(writer)}, which looks at "${writer.looksAt}".`;
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
