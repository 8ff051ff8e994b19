/** Step 2: at which depth the answer appears. */
import type { LensRow } from "@mlxterp/analysis";
import type { LanguageModel } from "@mlxterp/models";
import { formatPercent } from "@mlxterp/results";
import { onPage, paragraph, table } from "../cli/blocks/blocks.js";
import type { Step } from "./step.js";
import type { Story } from "./story.js";

/** How the two names fare after one layer, at the last position. */
export interface Depth {
  /** null for the embedding. */
  readonly layer: number | null;
  readonly best: string;
  readonly answer: { readonly rank: number; readonly probability: number };
  readonly wrong: { readonly rank: number; readonly probability: number };
}

export async function lensStep(
  model: LanguageModel,
  story: Story,
): Promise<Step<readonly Depth[]>> {
  const { lensGrid, lensRows, logitLens } = await import("@mlxterp/analysis");
  const [right, other] = await logitLens(model, [story.clean, story.clean], {
    answer: [story.answer, story.wrong],
  });
  const data = depthsOf(lensRows(right), lensRows(other));
  return {
    name: "lens",
    title: "Where does the answer appear?",
    data,
    provenance: right.provenance,
    blocks: [
      depthTable(data, story),
      paragraph(depthSentence(data, story)),
      onPage(lensGrid(right)),
    ],
  };
}

function depthsOf(right: readonly LensRow[], other: readonly LensRow[]): Depth[] {
  return right.map(({ layer, cells }, row) => {
    const last = cells[cells.length - 1];
    const wrong = other[row].cells[cells.length - 1].answer;
    if (!last.answer || !wrong) throw new TypeError("A lens with an answer has one in every cell.");
    return { layer, best: last.top[0].text, answer: last.answer, wrong };
  });
}

/** The name of a depth in tables and sentences. */
function depthName({ layer }: Depth): string {
  return layer === null ? "embedding" : `layer ${layer}`;
}

function depthTable(depths: readonly Depth[], { answer, wrong }: Story) {
  const ranked = ({ rank, probability }: Depth["answer"]) =>
    `rank ${rank}, ${formatPercent(probability)}`;
  return table({
    columns: [{ title: "after" }, { title: "most likely" }, { title: answer }, { title: wrong }],
    rows: depths.map((depth) => [
      depthName(depth),
      depth.best,
      ranked(depth.answer),
      ranked(depth.wrong),
    ]),
  });
}

/** From which depth on the answer is first, and how it stood before. */
export function depthSentence(depths: readonly Depth[], { answer }: Pick<Story, "answer">): string {
  const lost = depths.findLastIndex(({ answer: { rank } }) => rank > 1);
  const settled = depths[lost + 1];
  if (!settled) return `${answer} is not first after any of the last layers.`;
  const share = formatPercent(settled.answer.probability);
  if (lost < 0) return `${answer} is first from the embedding on, with ${share}.`;
  const before = depths[lost];
  return `${answer} is first from ${depthName(settled)} on, there with ${share}; before, after the ${depthName(before)}, it had rank ${before.answer.rank}.`.replace(
    "the layer",
    "layer",
  );
}
