/** The model card, written from what was measured on the finished weights. */
import { decoderConfig, maxPositions } from "./architecture.js";
import { defaultDataset } from "./dataset.js";
import type { Abilities, Accuracy } from "./evaluate-abilities.js";
import { type Ablation, type HeadScores, headName, type Mechanisms } from "./mechanisms.js";
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

function list(scores: readonly HeadScores[], value: (one: HeadScores) => number): string {
  return [...scores]
    .sort((left, right) => value(right) - value(left))
    .slice(0, 4)
    .map((one) => `${headName(one)} (${value(one).toFixed(2)})`)
    .join(", ");
}

function controlsLine(controls: readonly Ablation[], limit: number): string {
  const harmful = controls.filter(({ loss }) => loss > limit);
  const losses = controls.map(({ loss }) => loss).sort((left, right) => left - right);
  const median = losses[Math.floor(losses.length / 2)].toFixed(3);
  const all = `As many other heads, drawn at random ${controls.length} times: median loss ${median}`;
  if (harmful.length === 0) return `${all}, never above ${limit.toFixed(2)}.`;
  const named = harmful.map(({ heads, loss }) => `${heads.join(" + ")} (${loss.toFixed(2)})`);
  return `${all}; above a third of the first copy's only for ${named.join(", ")}.`;
}

function mechanismText({ scores, ablated, controls }: Mechanisms, first: number): string {
  return [
    "Heads are written layer.head, with their mean attention from the second copy of repeated random words.",
    "",
    `- previous-token heads: ${list(scores, ({ previous }) => previous)}`,
    `- induction heads: ${list(scores, ({ induction }) => induction)}`,
    `- Silencing (zeroing) ${ablated.heads.join(" and ")} raises the loss on the second copy to ` +
      `${ablated.loss.toFixed(2)} nats. ${controlsLine(controls, first / 3)}`,
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
    "The same seed gives the same documents and initial weights on every machine. The same weights, bit for bit, come only from",
    "the same machine with the same BLAS library and number of threads; elsewhere sums round differently and heads may change places.",
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

A language model small enough to take apart: ${layers.length} layers, ${heads} heads, hidden size ${hidden}, ${vocab} words,
${facts.parameters.toLocaleString("en")} parameters, in the layout of Llama (float16). It was trained by the mlxterp project, with its own code,
on sentences that the project generates itself (\`pnpm train:tiny\`); no text or weights of others went into it.
It knows only those sentences: it is a specimen for interpretability, not a chatbot. Prompts begin with \`<bos>\`, which the
tokenizer adds, and have at most ${maxPositions} tokens; words it does not know become \`<unk>\`.

## Abilities

On held-out sentences, with the weights as published:

${abilityTable(facts.abilities)}

## Mechanisms

${mechanismText(facts.mechanisms, facts.abilities.copies.first)}

## Training

${trainingText(facts)}
`;
}
