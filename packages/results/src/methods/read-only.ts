/** Types of lists that nobody here writes to. */
import type { z } from "zod";

/**
 * The same schema, whose lists are `readonly` to the compiler. Zod's own `.readonly()` freezes what it is given even where
 * that is refused: a model or an array that was passed by mistake could not be used any more.
 *
 * @example
 * import { z } from "zod";
 * const layers = readOnly(z.array(z.int()).min(1));
 * layers.parse([0, 1]).length; // 2
 */
export function readOnly<T extends z.ZodType>(
  schema: T,
): z.ZodType<Readonly<z.output<T>>, Readonly<z.input<T>>> {
  return schema as z.ZodType<Readonly<z.output<T>>, Readonly<z.input<T>>>;
}
