/** The sentence that is investigated, and how heads and shares are written in it. */
import type { LanguageModel } from "@mlxterp/models";
import { exampleSentences } from "../cli/arguments/prompt.js";

/** A sentence, its twin with the giver exchanged, and the name that completes each. */
export interface Story {
  readonly clean: string;
  readonly corrupted: string;
  /** Completes the clean sentence. */
  readonly answer: string;
  /** Completes the corrupted one. */
  readonly wrong: string;
}

/** Who gives cannot receive: the name said once is the answer (Wang et al. 2022, arXiv 2211.00593). */
export const story: Story = exampleSentences;

/** One attention head. */
export interface Head {
  readonly layer: number;
  readonly head: number;
}

/** Head 3 of layer 1 is 1.3. */
export function headName({ layer, head }: Head): string {
  return `${layer}.${head}`;
}

export function sameHead(a: Head, b: Head): boolean {
  return a.layer === b.layer && a.head === b.head;
}

/** Every head of a model, layer by layer. */
export function allHeads({ anatomy }: LanguageModel): Head[] {
  const { layers, heads } = anatomy;
  return Array.from({ length: layers * heads }, (_, index) => ({
    layer: Math.floor(index / heads),
    head: index % heads,
  }));
}

/** A prompt's position in words, such as "John" (9). */
export function place(pieces: readonly string[], position: number): string {
  return `"${pieces[position]}" (${position})`;
}
