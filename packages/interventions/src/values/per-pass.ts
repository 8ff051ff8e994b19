/** Memory for what depends on a pass but not on its values, such as masks. */
import type { SiteContext } from "@mlxterp/core";

/** The part of a context that is the same throughout one pass. */
type PassFacts = Partial<Pick<SiteContext, "offset" | "step">> & {
  readonly tokens: { readonly lengths: readonly number[] } | undefined;
};

/**
 * A memory that forgets everything as soon as another pass begins, so that it never grows.
 *
 * @returns a function that answers with what was made under a key in this pass, or makes it
 */
export function perPass<T>(): (facts: PassFacts, key: string, make: () => T) => T {
  const made = new Map<string, T>();
  let last: PassFacts = { tokens: undefined };
  return (facts, key, make) => {
    const same =
      last.tokens?.lengths === facts.tokens?.lengths &&
      last.offset === facts.offset &&
      last.step === facts.step;
    if (!same) {
      made.clear();
      const { tokens, offset, step } = facts;
      last = { tokens: tokens && { lengths: tokens.lengths }, offset, step };
    }
    let value = made.get(key);
    if (value === undefined) {
      value = make();
      made.set(key, value);
    }
    return value;
  };
}
