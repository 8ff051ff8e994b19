/** Step 1: what the model predicts, and whether the decisive word decides. */
import type { LanguageModel } from "@mlxterp/models";
import { formatCell, formatPercent } from "@mlxterp/results";
import { tokensBlock } from "../cli/arguments/prompt.js";
import { paragraph, table } from "../cli/blocks/blocks.js";
import { type NextToken, nextToken } from "./next-token.js";
import type { Step } from "./step.js";
import type { Story } from "./story.js";

export interface Predictions {
  readonly clean: NextToken;
  readonly corrupted: NextToken;
}

export async function predictionStep(
  model: LanguageModel,
  story: Story,
): Promise<Step<Predictions>> {
  const { clean, corrupted, answer, wrong } = story;
  const data = {
    clean: await nextToken(model, clean, story),
    corrupted: await nextToken(model, corrupted, story),
  };
  const fed = [clean, corrupted].map(
    (prompt) => model.tokenizer?.pieces(model.tokens(prompt).ids[0]) ?? [],
  );
  return {
    name: "predictions",
    title: "What does it predict?",
    data,
    blocks: [
      tokensBlock(fed[0], "Clean"),
      tokensBlock(fed[1], "Corrupted"),
      predictionTable(data, story),
      paragraph(predictionSentence(data, { answer, wrong })),
    ],
  };
}

function predictionTable({ clean, corrupted }: Predictions, { answer, wrong }: Story) {
  const row = (name: string, { top, lead }: NextToken) => [
    name,
    formatCell(lead),
    ...top.map(({ text, probability }) => `${text} ${formatPercent(probability)}`),
  ];
  return table({
    columns: [
      { title: "sentence" },
      { title: `${answer} − ${wrong}`, align: "right" },
      ...clean.top.map((_, rank) => ({ title: `${rank + 1}.` })),
    ],
    rows: [row("clean", clean), row("corrupted", corrupted)],
    fixed: 2,
  });
}

/** Whether the answer comes first, and whether exchanging the giver exchanges it. */
export function predictionSentence(
  { clean, corrupted }: Predictions,
  { answer, wrong }: Pick<Story, "answer" | "wrong">,
): string {
  const [first] = clean.top;
  const [second] = corrupted.top;
  const right = first.text === answer;
  const opening = `The clean sentence goes on with ${first.text} (${formatPercent(first.probability)})`;
  const knows = right
    ? `${opening}, the one who is named once.`
    : `${opening}, not with ${answer}: the model misses this one.`;
  if (second.text === first.text) {
    return `${knows} With the giver exchanged it still says ${second.text}, so the giver does not decide.`;
  }
  const expected = second.text === wrong ? "" : `, though ${wrong} would be right`;
  return `${knows} Exchange the giver and it says ${second.text} (${formatPercent(second.probability)})${expected}: one word decides, and the lead moves by ${formatCell(clean.lead - corrupted.lead)} logits.`;
}
