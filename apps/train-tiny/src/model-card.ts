/** The model card, written from what was measured on the finished weights. */
import { decoderConfig, maxPositions } from "./architecture.js";
import { defaultDataset } from "./dataset.js";
import type { Abilities, Accuracy } from "./evaluate-abilities.js";
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
    const { previous, induction, copyLoss, indirectObject } = head;
    const cells = [previous.toFixed(2), induction.toFixed(2), copyLoss.toFixed(2)];
    return `| ${headName(head)} | ${cells.join(" | ")} | ${percent(indirectObject)} |`;
  });
  return [
    "| head | attention to the previous token | induction | loss on the second copy without it | indirect objects right without it |",
    "|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}

const pairName = ({ heads }: PairReport) => heads.map(headName).join(" and ");

/** Other pairs fall into those with a previous-token head, from which induction heads read, and the rest. */
function pairText({ heads, inductionPair, otherPairs }: Mechanisms): string {
  const sources = new Set(heads.filter(({ previous }) => previous > 0.4).map(headName));
  const [circuit, rest] = [true, false].map((inCircuit) =>
    otherPairs
      .filter((pair) => pair.heads.some((head) => sources.has(headName(head))) === inCircuit)
      .sort((left, right) => right.copyLoss - left.copyLoss),
  );
  const lines = [
    `- without the two best induction heads, ${pairName(inductionPair)}: ${inductionPair.copyLoss.toFixed(2)} nats on the second copy`,
  ];
  if (rest.length > 0) {
    const [worst] = rest;
    lines.push(
      `- without two other heads at random, ${rest.length} draws: at most ${worst.copyLoss.toFixed(2)} (${pairName(worst)})`,
    );
  }
  if (circuit.length > 0) {
    const least = circuit[circuit.length - 1];
    lines.push(
      `- the same, ${circuit.length} draws with a previous-token head (${[...sources].join(", ")}), from which ` +
        `induction heads read: at least ${least.copyLoss.toFixed(2)} (${pairName(least)})`,
    );
  }
  return lines.join("\n");
}

function mechanismText(mechanisms: Mechanisms): string {
  return [
    "Heads are written layer.head. Attention is a mean over repeated random words; a silenced head writes zeros.",
    "",
    headTable(mechanisms.heads),
    "",
    pairText(mechanisms),
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
    "same BLAS library, kernels and number of threads; elsewhere sums round differently, and heads may play other parts.",
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

${mechanismText(facts.mechanisms)}

## Training

${trainingText(facts)}
`;
}
