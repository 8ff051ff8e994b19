/** For tests: a method of a user's own that counts, waits and can be cancelled; nothing else knows of it. */
import { evaluate, mx } from "@mlxterp/mlx";
import type { LanguageModel } from "@mlxterp/models";
import { createTable, defineMethod, type Result } from "@mlxterp/results";
import { z } from "zod";

/** What came of the runs, so that a test sees that one has ended. */
export const toyRuns = { running: 0, most: 0, order: [] as string[], cancelled: 0 };

type ToyResult = Result<"toy", Record<never, never>, { readonly words: ReturnType<typeof words> }>;

function words(text: string) {
  return createTable<{ word: string }>(
    ["word"],
    text.split(" ").map((word) => ({ word })),
  );
}

export const toy = defineMethod({
  name: "toy",
  title: "Toy",
  summary: "Words, slowly",
  input: "prompts",
  options: z.object({
    turns: z.int().min(0).default(0).describe("how often it waits"),
    fail: z.boolean().default(false).describe("whether it fails with an error of nobody"),
  }),
  async run(
    _: object,
    prompt,
    { turns = 0, fail = false, signal, onProgress },
  ): Promise<ToyResult> {
    toyRuns.running++;
    toyRuns.most = Math.max(toyRuns.most, toyRuns.running);
    toyRuns.order.push(String(prompt));
    try {
      if (fail) throw new TypeError("a secret of the machine");
      for (let done = 0; done < turns; done++) {
        await new Promise((resolve) => setTimeout(resolve, 2));
        onProgress?.({ stage: "waiting for nothing", done, total: turns });
        signal?.throwIfAborted();
      }
      return resultOf(String(prompt), turns);
    } catch (error) {
      if (signal?.aborted) toyRuns.cancelled++;
      throw error;
    } finally {
      toyRuns.running--;
    }
  },
});

/** Computes and never asks whether to go on, nor says how far it is. */
export const silent = defineMethod({
  name: "silent",
  title: "Silent",
  summary: "Passes, without a word",
  input: "prompts",
  options: z.object({ passes: z.int().min(0).default(0).describe("how often it computes") }),
  async run(model: LanguageModel, prompt, { passes = 0 }): Promise<ToyResult> {
    toyRuns.order.push(String(prompt));
    for (let done = 0; done < passes; done++) await evaluate([mx.add(mx.ones([100]), done)]);
    await model.run(prompt);
    toyRuns.order.push(`${prompt} has ended`);
    return resultOf(String(prompt), passes);
  },
});

function resultOf(prompt: string, turns: number): ToyResult {
  return {
    method: "toy",
    asked: { turns },
    fed: [],
    grids: {},
    tables: { words: words(prompt) },
    notes: [],
    provenance: {
      model: "tiny",
      device: "cpu",
      edits: [],
      versions: {},
      time: "2000-01-01T00:00:00Z",
    },
  };
}
