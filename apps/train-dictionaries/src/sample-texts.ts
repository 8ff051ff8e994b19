/** What a model writes when nobody asks it anything: the data on which its dictionaries are trained. */
import type { LanguageModel } from "@mlxterp/models";

export interface SampleOptions {
  readonly sequences: number;
  /** Tokens of each, the first included. */
  readonly length: number;
  readonly seed: number;
  /** Sequences that are written side by side. */
  readonly batchSize?: number;
}

/** Sequences that begin with the model's first token and are drawn from its own probabilities. */
export async function sampleTexts(
  model: LanguageModel,
  options: SampleOptions,
): Promise<number[][]> {
  const { sequences, length, seed, batchSize = 64 } = options;
  const [first] = model.tokens("a").ids[0];
  const texts: number[][] = [];
  for (let from = 0; from < sequences; from += batchSize) {
    const count = Math.min(batchSize, sequences - from);
    const rows = Array.from({ length: count }, () => [first]);
    const prompts = rows.map((row) => [...row]);
    const settings = { maxTokens: length - 1, temperature: 1, seed: seed + from };
    for await (const step of model.generateBatch(prompts, settings)) {
      step.rows.forEach((written, row) => {
        if (written) rows[row].push(written.token);
      });
    }
    texts.push(...rows);
  }
  return texts;
}
