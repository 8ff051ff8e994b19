/** Step 4: what happens when the strongest head is patched, and when it is taken away. */
import type { Interventions } from "@mlxterp/core";
import type { LanguageModel } from "@mlxterp/models";
import { paragraph, table } from "../cli/blocks.js";
import { formatPercent, formatShort } from "../cli/numbers.js";
import { type NextToken, nextToken } from "./next-token.js";
import type { Step } from "./step.js";
import { allHeads, type Head, headName, type Story, sameHead } from "./story.js";

/** The strongest head under the knife, and the other heads for comparison. */
export interface Surgery {
  readonly head: Head;
  readonly clean: NextToken;
  readonly corrupted: NextToken;
  /** The corrupted run with the head's clean value. */
  readonly restored: NextToken;
  /** The clean run with the head's corrupted value. */
  readonly broken: NextToken;
  /** The clean run with the head's value set to zero. */
  readonly ablated: NextToken;
  /** The lead in the clean run with one other head set to zero, for each of them. */
  readonly others: readonly (Head & { readonly lead: number })[];
}

const siteOf = ({ layer }: Head) => `layers.${layer}.selfAttn.z`;

export async function surgeryStep(
  model: LanguageModel,
  story: Story,
  head: Head,
  signal: AbortSignal,
): Promise<Step<Surgery>> {
  const { atHeads, patchFrom, zeroOut } = await import("@mlxterp/interventions");
  const site = siteOf(head);
  const from = async (prompt: string): Promise<Interventions> => {
    const cache = await model.run(prompt, { save: site });
    return { [site]: atHeads(head.head, patchFrom(cache)) };
  };
  const zero = (one: Head): Interventions => ({ [siteOf(one)]: atHeads(one.head, zeroOut()) });
  const others: (Head & { lead: number })[] = [];
  for (const one of allHeads(model).filter((other) => !sameHead(other, head))) {
    signal.throwIfAborted();
    const { lead } = await nextToken(model, story.clean, story, zero(one));
    others.push({ ...one, lead });
  }
  const { clean, corrupted } = story;
  const data: Surgery = {
    head,
    clean: await nextToken(model, clean, story),
    corrupted: await nextToken(model, corrupted, story),
    restored: await nextToken(model, corrupted, story, await from(clean)),
    broken: await nextToken(model, clean, story, await from(corrupted)),
    ablated: await nextToken(model, clean, story, zero(head)),
    others,
  };
  return {
    name: "surgery",
    title: `What if head ${headName(head)} is exchanged, or gone?`,
    data,
    blocks: [
      surgeryTable(data, story),
      ...surgerySentences(data, story).map((text) => paragraph(text)),
    ],
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
      formatShort(lead),
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
      ? `more than without any other head (at most ${formatShort(otherCost)}, head ${headName(hardest)})`
      : `less than without head ${headName(hardest)} (${formatShort(otherCost)})`;
  const ablated = `Without head ${name} the lead falls by ${formatShort(cost)} logits, ${compared}, and the model ${says(data.ablated)} ${data.ablated.top[0].text}.`;
  return [patched, ablated];
}
