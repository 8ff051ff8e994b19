/** What generation gave, for terminals and pages. */
import type { GenerationStep } from "@mlxterp/models";
import { type Block, paragraph, table } from "./blocks.js";
import { formatPercent } from "./numbers.js";

/** Every generated token with its probability. */
export function stepTable(steps: readonly GenerationStep[], tokens: readonly string[]): Block {
  return table({
    columns: [
      { title: "position", align: "right" },
      { title: "token" },
      { title: "probability", align: "right" },
    ],
    rows: steps.map(({ position, logProbability }, index) => [
      `${position}`,
      tokens[index],
      formatPercent(Math.exp(logProbability)),
    ]),
  });
}

const endings: Readonly<Record<NonNullable<GenerationStep["finish"]>, string>> = {
  eos: "the model ended the text",
  stop: "a stop text came",
  maxTokens: "that is the number asked for (--max-tokens)",
  maxPositions: "the model takes no longer sequence",
};

/** How many tokens, how likely, and why no more. */
export function summary(steps: readonly GenerationStep[]): Block {
  const mean = steps.reduce((sum, step) => sum + step.logProbability, 0) / steps.length;
  const finish = steps.at(-1)?.finish;
  const count = `${steps.length} ${steps.length === 1 ? "token" : "tokens"}`;
  const why = finish ? `; ${endings[finish]}` : "";
  return paragraph(`${count}, mean probability ${formatPercent(Math.exp(mean))}${why}.`, "dim");
}
