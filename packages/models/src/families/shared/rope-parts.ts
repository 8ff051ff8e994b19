/** Rotary positions as a part of a family, and the longest sequence with them. */

import { computed, type Part, part } from "./part.js";
import type { Rotation } from "./parts.js";
import { longestSequence, partialRopeFields, ropeFields } from "./rope-json.js";

type Options = Omit<Rotation, "fields">;

/** Over whole heads. */
export const rotary = (options: Options = {}): Part<Rotation> =>
  part(
    () => ropeFields,
    (fields) => ({ fields, ...options }),
  );

/** A share that is not said is the family's own; null is another one in each version of `transformers`. */
export const shareFields = {
  ...partialRopeFields,
  partial_rotary_factor: partialRopeFields.partial_rotary_factor.refine((given) => given !== null, {
    message: "It must be a number, or left out",
  }),
};

/** Over a share of each head. */
export const partlyRotary = (options: Options & { readonly share: number }): Part<Rotation> =>
  part(
    () => shareFields,
    (fields) => ({ fields, ...options }),
  );

/** The longest sequence once its scaling is known. */
export const scaledLength = computed(({ max_position_embeddings: plain = 0, ...fields }) =>
  longestSequence({ ...fields, max_position_embeddings: plain }),
);
