/** All that is known of one feature, as blocks for any renderer. */

import { checkList, checkRecord } from "@mlxterp/mlx";
import {
  type Block,
  formatNumber,
  formatPercent,
  section,
  text,
  visibleToken,
} from "@mlxterp/results";
import { checkWholeNumber } from "@mlxterp/results/errors";
import type { FeatureLogits, LogitEffect } from "./logit-effects.js";
import type { FeatureSummary } from "./top-examples.js";

/**
 * One feature: where it is on, in which contexts most, and what it says directly.
 *
 * @param logits of the same feature, where they are known
 * @example
 * const dictionary = loadDictionary("tiny");
 * const [summary] = await topExamples(model, dictionary, stories, { features: [7] });
 * featureDashboard(summary, logitEffects(model, dictionary, [7])[0])[0].kind; // "section"
 */
export function featureDashboard(summary: FeatureSummary, logits?: FeatureLogits): Block[] {
  checkRecord("summary", summary);
  checkList("summary.examples", summary.examples);
  checkWholeNumber("summary.feature", summary.feature);
  const { feature, density, mean, examples } = summary;
  const facts = `On at ${formatPercent(density)} of tokens, by ${formatNumber(mean)} on average.`;
  const largest = examples[0]?.activation ?? 0;
  const strips = examples.map(
    ({ pieces, activations, activation }): Block => ({
      kind: "tokens",
      label: formatNumber(activation),
      pieces,
      values: activations,
      scale: { kind: "sequential", domain: [0, largest] },
    }),
  );
  if (logits !== undefined) checkLogits(logits);
  const effects = logits
    ? [effectBars("More likely", logits.promotes), effectBars("Less likely", logits.suppresses)]
    : [];
  const first = text(examples.length > 0 ? facts : "It was on nowhere in this dataset.");
  return [section(`Feature ${feature}`, first, ...strips, ...effects)];
}

function checkLogits(logits: FeatureLogits): void {
  checkRecord("logits", logits);
  const { promotes, suppresses } = logits;
  checkList("logits.promotes", promotes);
  checkList("logits.suppresses", suppresses);
}

function effectBars(title: string, effects: readonly LogitEffect[]): Block {
  return {
    kind: "bars",
    title,
    axis: "direct effect on the logit",
    bars: effects.map(({ text, effect }) => ({ label: visibleToken(text), value: effect })),
  };
}
