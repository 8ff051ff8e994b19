/** What generation gave, for terminals and pages. */
import type { Alternative, GenerationStep } from "@mlxterp/models";
import type { Block } from "@mlxterp/results";
import { formatPercent, visibleToken } from "@mlxterp/results";
import { paragraph, table } from "./blocks.js";

/** Every generated token with its probability and, where they were asked for, what else was likely. */
export function stepTable(steps: readonly GenerationStep[], tokens: readonly string[]): Block {
  const others = steps.some(({ alternatives }) => alternatives !== undefined);
  return table({
    columns: [
      { title: "position", align: "right" },
      { title: "token" },
      { title: "probability", align: "right" },
      ...(others ? [{ title: "most likely" }] : []),
    ],
    rows: steps.map(({ position, logProbability, alternatives }, index) => [
      `${position}`,
      tokens[index],
      formatPercent(Math.exp(logProbability)),
      ...(others ? [(alternatives ?? []).map(shown).join(", ")] : []),
    ]),
  });
}

function shown({ token, text, logProbability }: Alternative): string {
  return `${visibleToken(text) || token} ${formatPercent(Math.exp(logProbability))}`;
}

const endings: Readonly<Record<NonNullable<GenerationStep["finish"]>, string>> = {
  eos: "the model ended the text",
  stop: "a stop text came",
  until: "that was the condition",
  maxTokens: "that is the number asked for (--max-tokens)",
  maxPositions: "the model takes no longer sequence",
};

/** How many tokens, how likely, and why no more. */
export function summary(steps: readonly GenerationStep[]): Block {
  const mean = steps.reduce((sum, step) => sum + step.logProbability, 0) / steps.length;
  const finish = steps.at(-1)?.finish;
  const count = `${steps.length} ${steps.length === 1 ? "token" : "tokens"}`;
  const why = finish ? `; ${endings[finish]}` : "";
  return paragraph(`${count}, mean probability ${formatPercent(Math.exp(mean))}${why}.`, "quiet");
}
