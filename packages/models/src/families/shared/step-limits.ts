/** The least and the greatest step of a state-space layer, from config.json. */
import { z } from "zod";

/** Infinity, as `transformers` 5 writes it. */
const named = z
  .object({ __float__: z.enum(["Infinity", "-Infinity"]) })
  .transform(({ __float__: name }) => Number(name));

const bound = z.union([z.number(), z.literal(Number.POSITIVE_INFINITY), named]);

/** Undefined where no step is cut off: steps are above 0 by themselves. */
export const stepLimits = z
  .tuple([bound, bound])
  .nullish()
  .transform((limits) => {
    const [low, high] = limits ?? [0, Number.POSITIVE_INFINITY];
    return low <= 0 && high === Number.POSITIVE_INFINITY ? undefined : ([low, high] as const);
  });
