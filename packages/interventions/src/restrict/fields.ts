/** The fields of restrictions, as data. */
import { z } from "zod";

const integer = z.int();

/** One position, several, or a range. */
export const positionsField = z.union([
  integer,
  z.array(integer).min(1),
  z.strictObject({ from: integer.optional(), to: integer.optional() }),
]);

/** One index along an axis, or several. */
export const indicesField = z.union([integer, z.array(integer).min(1)]);

/** Which axis, where a site does not name its own. */
export const axisField = integer.optional();
