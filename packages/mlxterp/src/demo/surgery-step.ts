/** Step 4: what happens when the strongest head is patched, and when it is taken away. */
import type { LanguageModel } from "@mlxterp/models";
import { formatCell, formatPercent } from "@mlxterp/results";
import { paragraph, table } from "../cli/blocks/blocks.js";
import type { NextToken } from "./next-token.js";
import type { Step } from "./step.js";
import { type Head, headName, type Story } from "./story.js";
import { operate, type Surgery } from "./surgery.js";

export async function surgeryStep(
  model: LanguageModel,
  story: Story,
  head: Head,
  signal: AbortSignal,
): Promise<Step<Surgery>> {
  const data = await operate(model, story, head, signal);
  const sentences = surgerySentences(data, story).map((text) => paragraph(text));
  return {
    name: "surgery",
    title: `What if head ${headName(head)} is exchanged, or gone?`,
    data,
    blocks: [surgeryTable(data, story), ...sentences],
  };
}

function surgeryTable(data: Surgery, { answer, wrong }: Story) {
  const name = headName(data.head);
  const rows: [label: string, next: NextToken][] = [
    ["clean", data.clean],
    ["corrupted", data.corrupted],
    [`corrupted, clean ${name}`, data.restored],
    [`clean, corrupted ${name}`, data.broken],
    [`clean, ${name} set to zero`, data.ablated],
  ];
  return table({
    columns: [
      { title: "run" },
      { title: `${answer} − ${wrong}`, align: "right" },
      { title: "says" },
      { title: "then" },
    ],
    rows: rows.map(([label, { lead, top }]) => [
      label,
      formatCell(lead),
      ...top.slice(0, 2).map(({ text, probability }) => `${text} ${formatPercent(probability)}`),
    ]),
    widest: 28,
  });
}

/** What patching and ablating show, and whether another head would have done the same. */
export function surgerySentences(data: Surgery, { answer }: Pick<Story, "answer">): string[] {
  const name = headName(data.head);
  const gap = data.clean.lead - data.corrupted.lead;
  const share = (lead: number) => `${Math.round(((lead - data.corrupted.lead) / gap) * 100)} %`;
  const says = ({ top: [best] }: NextToken) => (best.text === answer ? "still says" : "says");
  const patched = `With nothing but the clean value of head ${name} the corrupted run gets ${share(data.restored.lead)} of the lead back and says ${data.restored.top[0].text}; with its corrupted value the clean run keeps ${share(data.broken.lead)} and ${says(data.broken)} ${data.broken.top[0].text}.`;
  const cost = data.clean.lead - data.ablated.lead;
  const hardest = data.others.reduce((a, b) => (b.lead < a.lead ? b : a));
  const otherCost = data.clean.lead - hardest.lead;
  const compared =
    otherCost < cost
      ? `more than without any other head (at most ${formatCell(otherCost)}, head ${headName(hardest)})`
      : `less than without head ${headName(hardest)} (${formatCell(otherCost)})`;
  const ablated = `Without head ${name} the lead falls by ${formatCell(cost)} logits, ${compared}, and the model ${says(data.ablated)} ${data.ablated.top[0].text}.`;
  return [patched, ablated];
}
