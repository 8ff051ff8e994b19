/**
 * Facts from a subject to its attribute, in the form of Meng et al. 2022 (ROME, arXiv 2202.05262); the corrupted prompt asks the same
 * of another subject. Only facts whose attribute is one token are used, and only prompts of one length.
 */
import type { AnalysisModel } from "../shared/model.js";
import { drawn, ofOneLength, type PairMaker } from "./draw.js";
import { relations } from "./known-facts.js";
import type { TaskPair } from "./task.js";
import { tokensAfter } from "./words.js";

interface UsableFact {
  readonly template: string;
  readonly prompt: string;
  readonly answer: number;
  /** Of the prompt, in tokens. */
  readonly length: number;
}

export const facts: PairMaker = (model, draw) => {
  const usable = ofOneLength(usableFacts(model));
  const pairs = usable.flatMap((own) =>
    usable.flatMap((other): TaskPair[] => {
      if (own.template !== other.template || own.answer === other.answer) return [];
      const { prompt: clean, answer } = own;
      return [{ clean, corrupted: other.prompt, answer, wrongAnswer: other.answer }];
    }),
  );
  return drawn(pairs, draw, "facts", "facts whose attribute is one token");
};

function usableFacts(model: AnalysisModel): UsableFact[] {
  return relations.flatMap(({ template, facts: list }) =>
    list.flatMap(([subject, attribute]): UsableFact[] => {
      const prompt = template.replace("{}", subject);
      const [answer] = tokensAfter(model, prompt, [` ${attribute}`]).values();
      if (answer === undefined) return [];
      return [{ template, prompt, answer, length: model.tokens(prompt).ids[0].length }];
    }),
  );
}
