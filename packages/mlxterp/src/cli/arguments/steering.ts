/** Steering named on the command line: a direction between two prompts, added while generating. */
import type { Interventions } from "@mlxterp/core";
import type { LanguageModel } from "@mlxterp/models";
import { InvalidArgumentError } from "@mlxterp/results";
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
 * The interventions that the entries ask for.
 *
 * @throws UsageError for a site that holds no stream
 */
export async function steeringInterventions(
  model: LanguageModel,
  entries: readonly string[],
  warn: (text: string) => void,
): Promise<Interventions> {
  const { activationAddition } = await import("@mlxterp/analysis");
  const read = (prompt: string) => readPrompt(model, prompt, { chat: false, warn });
  const additions = entries.map(parseSteering).map(({ site, toward, from, factor }) => ({
    ...{ site, toward: read(toward), factor },
    ...(from !== undefined && { from: read(from) }),
  }));
  try {
    return await activationAddition(model, ...additions);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError) || error.argument !== "site") throw error;
    throw new UsageError(
      `--steer needs one site of shape (batch, position, hidden), such as layers.2, not ${error.value}.`,
      { cause: error },
    );
  }
}
