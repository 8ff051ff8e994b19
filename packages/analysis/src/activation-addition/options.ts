/** What activation addition is asked. */
import { readOnly } from "@mlxterp/results";
import { z } from "zod";

const prompt = z.union([z.string(), readOnly(z.array(z.int().min(0)).min(1))]);

export const activationAdditionOptions = z.object({
  site: z.string().describe("one site of shape (batch, position, hidden), such as layers.2"),
  toward: prompt.describe("the prompt whose direction is added"),
  from: prompt
    .optional()
    .describe("the prompt it is compared with; without one the activation itself is the direction"),
  factor: z.number().default(1).describe("how much of it; negative for the other way"),
});

/** One direction between two prompts, and where it is added. */
export type ActivationAddition = z.input<typeof activationAdditionOptions>;
