/** Steering named on the command line: a direction between two prompts, added while generating. */
import type { Interventions } from "@mlxterp/core";
import type { LanguageModel } from "@mlxterp/models";
import { UsageError } from "./failure.js";
import { texts } from "./options.js";
import { readPrompt } from "./prompt.js";

export const steerOption = texts(
  "add factor times the direction from prompt B to prompt A: 'layers.2=A - B * 4'",
  "site=A-B*factor",
);

/** What one `--steer` asks for. */
export interface Steering {
  readonly site: string;
  /** The prompt whose direction is added. */
  readonly toward: string;
  /** The prompt it is compared with; without one the activation itself is the direction. */
  readonly from: string | undefined;
  readonly factor: number;
}

/**
 * Reads `site=A - B * factor`. The minus needs blanks around it where a prompt has a minus of its own; `- B`
 * and `* factor` may be left out.
 *
 * @throws UsageError
 */
export function parseSteering(entry: string): Steering {
  const form = /^\s*([^=\s]+)\s*=(.+?)(?:\*\s*(-?\d*\.?\d+(?:[eE][+-]?\d+)?))?\s*$/su.exec(entry);
  const [toward, from] = form ? splitPrompts(form[2]) : [];
  if (!form || !toward || from === "") {
    throw new UsageError(`--steer needs site=A - B * factor, not "${entry}".`);
  }
  return { site: form[1], toward, from, factor: form[3] === undefined ? 1 : Number(form[3]) };
}

function splitPrompts(text: string): string[] {
  const parts = text.includes(" - ") ? text.split(" - ") : text.split("-");
  return parts.length > 2 ? [] : parts.map((part) => part.trim());
}

/**
 * Adds, at every position, the difference of what two prompts' last tokens hold at the site.
 * Source: Turner et al. 2023, "Activation Addition", arXiv 2308.10248.
 */
export async function steeringInterventions(
  model: LanguageModel,
  entries: readonly string[],
  warn: (text: string) => void,
): Promise<Interventions> {
  const { addVector } = await import("@mlxterp/interventions");
  const record: Record<string, ReturnType<typeof addVector>[]> = {};
  for (const { site, toward, from, factor } of entries.map(parseSteering)) {
    const direction = await directionBetween(model, site, { toward, from }, warn);
    record[site] ??= [];
    record[site].push(addVector(direction, { scale: factor }));
  }
  return record;
}

/** (hidden) */
async function directionBetween(
  model: LanguageModel,
  site: string,
  { toward, from }: Pick<Steering, "toward" | "from">,
  warn: (text: string) => void,
) {
  const { mx } = await import("@mlxterp/mlx");
  const lastOf = async (prompt: string) => {
    const cache = await model.run(readPrompt(model, prompt, { chat: false, warn }), { save: site });
    const [name] = cache.keys();
    const value = cache.last(name); // (1, hidden)
    if (cache.size === 1 && value.ndim === 2) return value.reshape([-1]);
    throw new UsageError(
      `--steer needs one site of shape (batch, position, hidden), such as layers.2, not ${site}.`,
    );
  };
  const end = await lastOf(toward);
  return from === undefined ? end : mx.subtract(end, await lastOf(from));
}
