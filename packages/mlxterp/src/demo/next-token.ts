/** What a model says next, with or without interventions, in the few numbers the story needs. */
import type { Interventions } from "@mlxterp/core";
import { mx, toFlat } from "@mlxterp/mlx";
import type { LanguageModel } from "@mlxterp/models";
import type { Story } from "./story.js";

/** A prediction. */
export interface NextToken {
  /** The most likely tokens, best first. */
  readonly top: readonly { readonly text: string; readonly probability: number }[];
  /** Logit of the story's answer minus logit of the wrong name. */
  readonly lead: number;
}

/** Tokens listed of each prediction. */
const listed = 4;

/** The prediction after a prompt. */
export async function nextToken(
  model: LanguageModel,
  prompt: string,
  { answer, wrong }: Pick<Story, "answer" | "wrong">,
  interventions: Interventions = {},
): Promise<NextToken> {
  const cache = await model.run(prompt, { interventions });
  const logits = [...toFlat(cache.last("output").astype(mx.float32))]; // (vocab)
  const [right, other] = [answer, wrong].map((name) => nameId(model, prompt, name));
  const largest = Math.max(...logits);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
  const ranked = logits
    .map((logit, id) => ({ id, probability: Math.exp(logit - largest) / total }))
    .sort((a, b) => b.probability - a.probability);
  return {
    top: ranked.slice(0, listed).map(({ id, probability }) => ({
      text: model.tokenizer?.pieces([id])[0] ?? String(id),
      probability,
    })),
    lead: logits[right] - logits[other],
  };
}

/** The token that a name is after a prompt. */
function nameId({ tokenizer }: LanguageModel, prompt: string, name: string): number {
  const ids = tokenizer?.encode(`${prompt} ${name}`) ?? [];
  return ids[ids.length - 1];
}
