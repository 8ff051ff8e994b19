/** The JSON form of a view's edits. */
import { z } from "zod";
import type { InterventionsJson } from "../built-in/built-in.js";

/** The edits of a view as plain data, in order. */
export interface EditsJson {
  readonly version: 1;
  readonly edits: readonly {
    readonly name: string;
    readonly interventions: InterventionsJson;
  }[];
}

/** The frame only: interventions have errors with paths of their own. */
export const editsFrame = z.strictObject({
  version: z.literal(1),
  edits: z.array(z.strictObject({ name: z.string(), interventions: z.unknown() })),
});
