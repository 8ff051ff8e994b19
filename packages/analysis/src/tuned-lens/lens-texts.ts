/** Which texts a lens is trained on, and which it is compared on. */
import { readFileSync } from "node:fs";
import type { Prompt } from "@mlxterp/core";
import { InvalidArgumentError, uniformNumbers, withFile } from "@mlxterp/mlx";
import type { Note } from "@mlxterp/results";
import { foldsOf } from "../probes/judge.js";
import type { AnalysisModel } from "../shared/model.js";
import { type ManyPrompts, promptIds, promptList } from "../shared/prompts.js";
import type { AskedTunedLens } from "./options.js";

export interface LensTexts {
  /** All prompts, as they were fed. */
  readonly prompts: readonly number[][];
  readonly trained: readonly number[][];
  readonly heldOut: readonly number[][];
  /** Texts that were given besides. */
  readonly texts: readonly number[][] | undefined;
  readonly notes: readonly Note[];
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a file without texts; FileAccessError (`FILE_ACCESS`) */
export function lensTexts(model: AnalysisModel, input: Prompt, asked: AskedTunedLens): LensTexts {
  const prompts = promptIds(model, promptList(model, input));
  const texts = givenTexts(model, asked);
  if (texts) return { prompts, trained: texts, heldOut: prompts, texts, notes: [] };
  if (asked.lens) return { prompts, trained: [], heldOut: prompts, texts, notes: [] };
  const out = Math.round(asked.heldOut * prompts.length);
  if (out === 0 || out === prompts.length) {
    const text = "the lens is compared on the prompts that it was trained on: it may know them by heart. Give more prompts, or texts to train on."; // biome-ignore format: one text
    return { prompts, trained: prompts, heldOut: prompts, texts, notes: [{ code: "NOT_HELD_OUT", text }] }; // biome-ignore format: one object
  }
  const order = foldsOf(prompts.length, prompts.length, uniformNumbers(asked.seed + 1)); // each its place by chance
  const isOut = (_: unknown, at: number) => order[at] < out;
  const trained = prompts.filter((one, at) => !isOut(one, at));
  return { prompts, trained, heldOut: prompts.filter(isOut), texts, notes: [] };
}

function givenTexts(model: AnalysisModel, asked: AskedTunedLens): number[][] | undefined {
  const { texts, file } = asked;
  if (texts === undefined && file === undefined) return undefined;
  const own = texts ? promptIds(model, promptList(model, texts as ManyPrompts)) : [];
  return [...own, ...(file ? promptIds(model, linesOf(file)) : [])];
}

function linesOf(file: string): string[] {
  const lines = withFile(file, () => readFileSync(file, "utf8"))
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "");
  if (lines.length > 0) return lines;
  throw new InvalidArgumentError("file", file, "has no text in any of its lines.");
}
