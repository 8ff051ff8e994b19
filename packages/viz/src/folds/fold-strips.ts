/** Many prompts one after the other are folded, so that what was found comes first. */
import type { Block, TokensBlock } from "@mlxterp/results";

/** Two prompts are compared by looking at them; more are looked up. */
const most = 2;

/** Blocks in their order, and in it runs of more than two strips of tokens that no value colours. */
export function foldStrips(blocks: readonly Block[]): (Block | readonly TokensBlock[])[] {
  const found: (Block | TokensBlock[])[] = [];
  for (const block of blocks) {
    const last = found.at(-1);
    if (block.kind !== "tokens" || block.values) found.push(block);
    else if (Array.isArray(last)) last.push(block);
    else found.push([block]);
  }
  return found.flatMap((one) => (Array.isArray(one) && one.length <= most ? one : [one]));
}

/** What stands on a fold: `Clean prompt, Corrupted prompt: 12 in all`. */
export function foldTitle(strips: readonly TokensBlock[]): string {
  const labels = [...new Set(strips.map(({ label }) => label))];
  const shown = labels.length > 3 ? `${labels.slice(0, 3).join(", ")}, …` : labels.join(", ");
  return `${shown}: ${strips.length} in all`;
}

/** Whether it is a run of strips. */
export function isFold(one: Block | readonly TokensBlock[]): one is readonly TokensBlock[] {
  return Array.isArray(one);
}
