/** What a tokenizer puts around every text: its policy on BOS and EOS. */
import type { Settings } from "./settings.js";

/** The ids that `encode` adds around a text. */
export interface TextMarks {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** Applies `add_bos_token` and `add_eos_token`, which overrule what tokenizer.json adds by itself. */
export function applyPolicy(
  { before, after }: TextMarks,
  { add_bos_token: addBos, add_eos_token: addEos }: Settings,
  { bos, eos }: { readonly bos?: number; readonly eos?: number },
): TextMarks {
  return {
    before: wanted(before, bos, addBos, (ids, id) => [id, ...ids]),
    after: wanted(after, eos, addEos, (ids, id) => [...ids, id]),
  };
}

function wanted(
  ids: readonly number[],
  id: number | undefined,
  asked: boolean | null | undefined,
  add: (ids: readonly number[], id: number) => readonly number[],
): readonly number[] {
  if (id === undefined || typeof asked !== "boolean") return ids;
  if (!asked) return ids.filter((other) => other !== id);
  return ids.includes(id) ? ids : add(ids, id);
}
