/** Which positions of two prompts stand for each other, from the side of either. */
import type { PromptPair } from "../shared/pairs.js";

/** Positions of the clean and the corrupted prompt that stand for each other, in their order. */
export interface Alignment {
  readonly clean: readonly number[];
  readonly corrupted: readonly number[];
  /** How many tokens, from the first, both prompts have at the same places. */
  readonly same: number;
  /** Whether every position of both stands for the one with its number. */
  readonly plain: boolean;
}

/** @param fed tokens of an answer behind both prompts, which stand for each other */
export function alignmentOf({ clean, corrupted, aligned }: PromptPair, fed = 0): Alignment {
  const own = clean.ids.map((_, at) => at).filter((at) => !aligned || aligned[at] !== null);
  const other = own.map((at) => aligned?.[at] ?? at);
  const behind = Array.from({ length: fed }, (_, at) => at);
  const differs = clean.ids.findIndex((id, at) => id !== corrupted.ids[at] || (aligned && aligned[at] !== at)); // biome-ignore format: one search
  const shortest = Math.min(clean.ids.length, corrupted.ids.length);
  return {
    clean: [...own, ...behind.map((at) => clean.ids.length + at)],
    corrupted: [...other, ...behind.map((at) => corrupted.ids.length + at)],
    same: differs < 0 ? shortest : Math.min(differs, shortest),
    plain: !aligned,
  };
}
