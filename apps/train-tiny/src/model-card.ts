/** The model card, written from what was measured on the finished weights. */
import { decoderConfig, maxPositions } from "./architecture.js";
import { defaultDataset } from "./dataset.js";
import type { Abilities, Accuracy, CopyLoss } from "./evaluate-abilities.js";
import { type HeadReport, headName, type Mechanisms, type PairReport } from "./mechanisms.js";
import type { Training } from "./train.js";

export interface CardFacts {
  readonly training: Training;
  readonly parameters: number;
  readonly minutes: number;
  readonly abilities: Abilities;
  readonly mechanisms: Mechanisms;
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

function row(ability: string, example: string, { questions, best, overFoil }: Accuracy): string {
  const foil = overFoil === undefined ? "–" : percent(overFoil);
  return `| ${ability} | ${example} | ${questions} | ${percent(best)} | ${foil} |`;
}

function abilityTable({ indirectObject, facts, agreement, pronouns, copies }: Abilities): string {
  return [
    "| ability | example | questions | answer is the likeliest token | likelier than its foil |",
    "|---|---|---|---|---|",
    row(
      "indirect object",
      "When Mary and John went to the store, John gave a drink to → Mary",
      indirectObject,
    ),
    row("facts", "The capital of France is → Paris", facts),
    row("agreement", "The keys near the cabinet → are (any verb of that number)", agreement),
    row("pronouns", "Mary lost the ball because → she", pronouns),
    "",
    `Repeated random words: mean loss ${copies.first.toFixed(2)} nats on the first copy, ` +
      `${copies.second.toFixed(3)} on the second.`,
  ].join("\n");
}

function headTable(heads: readonly HeadReport[]): string {
  const rows = heads.map((head) => {
    const { previous, current, induction, copyLoss, indirectObject } = head;
    const cells = [previous, current, induction, copyLoss].map((value) => value.toFixed(2));
    return `| ${headName(head)} | ${cells.join(" | ")} | ${percent(indirectObject)} |`;
  });
  return [
    "| head | previous token | current token | induction | loss on the second copy without it | indirect objects right without it |",
    "|---|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}

const pairName = ({ heads }: PairReport) => heads.map(headName).join(" and ");

/** Random pairs fall into those with a head that copying needs by itself, and the rest. */
function pairText({ heads, inductionPair, otherPairs }: Mechanisms, limit: number): string {
  const silenced = new Set(inductionPair.heads.map(headName));
  const needed = new Set(
    heads
      .filter((head) => head.copyLoss > limit)
      .map(headName)
      .filter((name) => !silenced.has(name)),
  );
  const [harmful, harmless] = [true, false].map((has) =>
    otherPairs.filter((pair) => pair.heads.some((head) => needed.has(headName(head))) === has),
  );
  const written = (pairs: readonly PairReport[]) =>
    pairs.map((pair) => `${pairName(pair)} (${pair.copyLoss.toFixed(2)})`).join(", ") || "none";
  return [
    `- the two best induction heads: ${written([inductionPair])}`,
    `- two others, drawn at random: ${written(harmless)}`,
    `- drawn likewise, but with a head that copying needs by itself (${[...needed].join(", ")}): ${written(harmful)}`,
  ].join("\n");
}

function mechanismText(mechanisms: Mechanisms, { first }: CopyLoss): string {
  return [
    "Heads are written layer.head. The first three columns are mean attention on repeated random words: to the token before, to the",
    "token itself, and to the token after the previous occurrence. A head is silenced by zeroing what it writes.",
    "",
    headTable(mechanisms.heads),
    "",
    "Loss on the second copy without two heads at once:",
    "",
    pairText(mechanisms, first / 3),
  ].join("\n");
}

function trainingText({ training, minutes }: CardFacts): string {
  const { seed, steps, batch, learningRate, warmUp, optimizer } = training;
  const { length, repeated } = defaultDataset;
  return [
    `Seed ${seed}; ${steps} steps of ${batch} documents of ${length} tokens; AdamW (learning rate ${learningRate} after ` +
      `${warmUp} steps of warm-up, then a cosine to 5 %; β ${optimizer.betas.join(", ")}; weight decay ` +
      `${optimizer.weightDecay}; gradient norm clipped at ${optimizer.clip}), float32; ${minutes.toFixed(0)} minutes on two CPU cores.`,
    `${percent(repeated)} of the documents repeat random words, the others are packed sentences.`,
    "",
    "Held out from training: one in five pairs of names (indirect object), of subject and distractor (agreement), of name and",
    "template (pronouns), and one phrasing of every fact. `abilities.json` holds the questions measured above.",
    "",
    "The same seed gives the same documents on every machine. It gives the same weights, bit for bit, on the same machine with the",
    "same BLAS library, kernels, number of threads and version of this project; elsewhere sums round differently, and heads may play other parts.",
  ].join("\n");
}

/** The card as Markdown. */
export function modelCard(facts: CardFacts): string {
  const { layers, hidden, vocab } = decoderConfig;
  const { heads } = layers[0].attention;
  return `---
license: mit
library_name: mlxterp
pipeline_tag: text-generation
---

# mlxterp tiny

A language model small enough to take apart: ${layers.length} layers of ${heads} heads, hidden size ${hidden}, ${vocab} words,
${facts.parameters.toLocaleString("en")} parameters, in the layout of Llama (float16). It was trained by the mlxterp project, with its own code,
on sentences that the project generates itself (\`pnpm train:tiny\`); no text or weights of others went into it.
It knows only those sentences: it is a specimen for interpretability, not a chatbot. Prompts begin with \`<bos>\`, which the
tokenizer adds, and have at most ${maxPositions} tokens; words it does not know become \`<unk>\`.

## Abilities

On held-out sentences, with the weights as published:

${abilityTable(facts.abilities)}

## Mechanisms

${mechanismText(facts.mechanisms, facts.abilities.copies)}

## Training

${trainingText(facts)}
`;
}
