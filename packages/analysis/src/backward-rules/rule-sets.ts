/**
 * Sets of backward rules by the name of the method that they make.
 *
 * - `relp` (Jafari et al. 2025, arXiv 2508.21258): norms divide by a number that is held, attention mixes by weights that are held, an
 *   activation f(x) multiplies x by the number f(x)/x that is held, and of a product each factor gets half. What is left is linear
 *   at this point, so relevance is neither made nor lost: in a model without biases the values times their gradients add up to the
 *   metric at every layer. What acts through queries and keys gets nothing.
 * - `relp-qk`: the same, but attention's weights have the slope of the softer softmax of `gim`, so that queries and keys count.
 * - `gim` (Edin et al. 2025, arXiv 2505.17630): norms are held, the softmax of attention has the slope that it would have at twice the
 *   temperature, and of products (pattern · values, queries · keys, activation · gate) each factor gets half.
 */

import { checkModel, type Intervention, type Interventions } from "@mlxterp/core";
import type { MxArray } from "@mlxterp/mlx";
import { checkChoice } from "@mlxterp/results/errors";
import type { AnalysisModel } from "../shared/model.js";
import { activationRule, halfRule, softmaxRule, stopHere } from "./rules.js";

/** What flows back: the gradient as it is, or with the rules of a method. */
export type BackwardRule = "gradient" | "relp" | "relp-qk" | "gim";

/** A softmax at twice the temperature. */
const softer: Intervention = (x) => softmaxRule(x, 2);

/**
 * For one pass: what it saw is kept between its interventions. With relevance, what flows back does not pass `pre` and `gate` of MLPs.
 *
 * @example
 * const rules = backwardRules(model, "relp");
 */
export function backwardRules(model: AnalysisModel, rule: BackwardRule): Interventions {
  checkModel("model", model);
  checkChoice("rule", rule, ["gradient", "relp", "relp-qk", "gim"]);
  if (rule === "gradient") return {};
  const names = model.sites().map(({ site }) => site);
  const held = names.filter((name) => /(^|\.)scale$/.test(name));
  const norms = Object.fromEntries(held.map((name) => [name, stopHere]));
  if (rule === "gim") return { ...norms, ...interactions(names) };
  const patterns = names.filter((name) => name.endsWith(".pattern"));
  const attention = rule === "relp" ? stopHere : softer;
  const mixed = Object.fromEntries(patterns.map((name) => [name, attention]));
  return { ...norms, ...mixed, ...relevance(names) };
}

function relevance(names: readonly string[]): Record<string, Intervention> {
  const rules: Record<string, Intervention> = {};
  for (const of of neuronsOf(names)) {
    const seen: { pre?: MxArray; gate?: MxArray } = {};
    rules[`${of}.pre`] = (x) => {
      seen.pre = x;
      return x;
    };
    if (names.includes(`${of}.gate`)) {
      rules[`${of}.gate`] = (x) => {
        seen.gate = x;
        return x;
      };
    }
    rules[`${of}.post`] = (x) => activationRule(x, seen.pre!, seen.gate); // both were reached before
  }
  return rules;
}

function interactions(names: readonly string[]): Record<string, Intervention> {
  const rules: Record<string, Intervention> = {};
  for (const name of names.filter((one) => one.endsWith(".pattern"))) {
    const of = name.slice(0, -".pattern".length);
    // Halved above a product, so that what is read off its factors is halved too.
    rules[`${of}.scores`] = halfRule;
    rules[name] = softer;
    rules[`${of}.z`] = halfRule;
  }
  for (const of of neuronsOf(names)) {
    if (names.includes(`${of}.gate`)) rules[`${of}.post`] = halfRule;
  }
  return rules;
}

/** Whatever has neurons: MLPs, experts. */
function neuronsOf(names: readonly string[]): string[] {
  const posts = names.filter((name) => name.endsWith(".post"));
  return posts.map((name) => name.slice(0, -".post".length)).filter((of) => names.includes(`${of}.pre`)); // biome-ignore format: one line
}
