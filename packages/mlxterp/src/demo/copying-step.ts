/** Step 5: induction heads, which copy what followed last time, on random words said twice. */
import type { LanguageModel } from "@mlxterp/models";
import { formatCell } from "@mlxterp/results";
import { onPage, paragraph, table } from "../cli/blocks/blocks.js";
import { type Copying, type CopyLoss, measureCopying } from "./copying.js";
import type { Step } from "./step.js";
import { type Head, headName } from "./story.js";

export async function copyingStep(
  model: LanguageModel,
  signal: AbortSignal,
): Promise<Step<Copying>> {
  const { headTypeGrid, headTypes } = await import("@mlxterp/analysis");
  const types = await headTypes(model, undefined, { signal });
  const data = await measureCopying(model, types, signal);
  return {
    name: "copying",
    title: "How does it copy what it has never seen?",
    data,
    provenance: types.provenance,
    blocks: [
      copyTable(data),
      paragraph(copySentence(data)),
      ...(["previousToken", "induction"] as const).map((kind) => onPage(headTypeGrid(types, kind))),
    ],
  };
}

function copyTable({ intact, induction, withoutInduction, controls, withoutControls }: Copying) {
  const names = (heads: readonly Head[]) => heads.map(headName).join(", ");
  const rows: [string, CopyLoss][] = [
    ["intact", intact],
    [`without induction heads ${names(induction)}`, withoutInduction],
    [`without other heads ${names(controls)}`, withoutControls],
  ];
  return table({
    columns: [
      { title: "model" },
      { title: "loss, first copy", align: "right" },
      { title: "loss, second copy", align: "right" },
    ],
    rows: rows.map(([label, { first, second }]) => [label, formatCell(first), formatCell(second)]),
    widest: 60,
  });
}

/** Whether it copies, by which heads, and whether they are what it takes. */
export function copySentence(data: Copying): string {
  const { intact, induction, previous, withoutInduction, withoutControls } = data;
  const copies = intact.second < intact.first / 2;
  const found = copies
    ? `On random words said twice the loss falls from ${formatCell(intact.first)} to ${formatCell(intact.second)}: it copies.`
    : `On random words said twice the loss hardly falls (${formatCell(intact.first)} to ${formatCell(intact.second)}): it does not copy.`;
  const [best] = induction;
  const who = `Head ${headName(best)} looks at what followed last time with ${formatCell(best.score)} of its attention, and head ${headName(previous)} one token back with ${formatCell(previous.score)}.`;
  const gain = (loss: CopyLoss) => loss.second - intact.second;
  const decisive = gain(withoutInduction) > 3 * Math.max(0.05, gain(withoutControls));
  const verdict = decisive
    ? `Without the induction heads the loss of the second copy is ${formatCell(withoutInduction.second)}, without as many others ${formatCell(withoutControls.second)}: they do the copying.`
    : `Without the induction heads the loss of the second copy is ${formatCell(withoutInduction.second)}, without as many others ${formatCell(withoutControls.second)}: they do not do it alone.`;
  return `${found} ${who} ${verdict}`;
}
