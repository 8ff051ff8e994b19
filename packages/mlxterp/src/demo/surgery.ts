/** One head exchanged between two runs, and set to zero, with every other head for comparison. */
import type { Interventions } from "@mlxterp/core";
import type { LanguageModel } from "@mlxterp/models";
import { type NextToken, nextToken } from "./next-token.js";
import { allHeads, type Head, type Story, sameHead } from "./story.js";

/** The strongest head under the knife, and the other heads for comparison. */
export interface Surgery {
  readonly head: Head;
  readonly clean: NextToken;
  readonly corrupted: NextToken;
  /** The corrupted run with the head's clean value. */
  readonly restored: NextToken;
  /** The clean run with the head's corrupted value. */
  readonly broken: NextToken;
  /** The clean run with the head's value set to zero. */
  readonly ablated: NextToken;
  /** The lead in the clean run with one other head set to zero, for each of them. */
  readonly others: readonly (Head & { readonly lead: number })[];
}

/** Where a head's mix of values stands. */
const siteOf = ({ layer }: Head) => `layers.${layer}.selfAttn.z`;

/** Runs the sentences with the head patched both ways and ablated. */
export async function operate(
  model: LanguageModel,
  story: Story,
  head: Head,
  signal: AbortSignal,
): Promise<Surgery> {
  const { clean, corrupted } = story;
  return {
    head,
    clean: await nextToken(model, clean, story),
    corrupted: await nextToken(model, corrupted, story),
    restored: await nextToken(model, corrupted, story, await valueFrom(model, clean, head)),
    broken: await nextToken(model, clean, story, await valueFrom(model, corrupted, head)),
    ablated: await nextToken(model, clean, story, await setToZero(head)),
    others: await ablateOthers(model, story, head, signal),
  };
}

/** Gives a head the value that it has on another prompt. */
async function valueFrom(model: LanguageModel, prompt: string, head: Head): Promise<Interventions> {
  const { atHeads, patchFrom } = await import("@mlxterp/interventions");
  const site = siteOf(head);
  const cache = await model.run(prompt, { save: site });
  return { [site]: atHeads(head.head, patchFrom(cache)) };
}

async function setToZero(head: Head): Promise<Interventions> {
  const { atHeads, zeroOut } = await import("@mlxterp/interventions");
  return { [siteOf(head)]: atHeads(head.head, zeroOut()) };
}

async function ablateOthers(
  model: LanguageModel,
  story: Story,
  head: Head,
  signal: AbortSignal,
): Promise<Surgery["others"]> {
  const others: (Head & { lead: number })[] = [];
  for (const other of allHeads(model).filter((one) => !sameHead(one, head))) {
    signal.throwIfAborted();
    const { lead } = await nextToken(model, story.clean, story, await setToZero(other));
    others.push({ ...other, lead });
  }
  return others;
}
