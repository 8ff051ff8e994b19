/** The parts of a tokenizer.json that say how its tokens relate to the text. */
import { z } from "zod";
import type { Step } from "./engine/step.js";

const step = z.custom<Step>((value) => typeof value === "object" && value !== null).nullish();

/** Only what is read here; the engine checks the rest. */
export const tokenizerJson = z.looseObject({
  normalizer: step,
  pre_tokenizer: step,
  decoder: step,
  model: z.looseObject({
    type: z.string().nullish(),
    unk_token: z.string().nullish(),
    unk_id: z.number().nullish(),
    continuing_subword_prefix: z.string().nullish(),
    end_of_word_suffix: z.string().nullish(),
  }),
});
export type TokenizerJson = z.output<typeof tokenizerJson>;

/** A step, or the steps of a sequence. */
function stepsOf(outer: Step | null | undefined): readonly Step[] {
  if (!outer) return [];
  const inner = outer.normalizers ?? outer.pretokenizers;
  return outer.type === "Sequence" && Array.isArray(inner) ? inner.flatMap(stepsOf) : [outer];
}

/** A space put before texts: always, or unless there is one. */
export interface SpacePrefix {
  readonly prefix: string;
  readonly always: boolean;
  /** Whether it is also put behind a token that was found in the normalized text. */
  readonly repeated: boolean;
}

/** What a tokenizer puts before a stretch of text; undefined where nothing. */
export function prefixRule({ normalizer, pre_tokenizer }: TokenizerJson): SpacePrefix | undefined {
  for (const { type, prepend } of stepsOf(normalizer)) {
    if (type === "Prepend") return { prefix: String(prepend), always: true, repeated: false };
  }
  for (const found of stepsOf(pre_tokenizer)) {
    const { type, add_prefix_space: adds, prepend_scheme: scheme } = found;
    if (type === "ByteLevel" && adds !== false) {
      return { prefix: " ", always: false, repeated: true };
    }
    if (type === "Metaspace" && adds !== false && scheme !== "never") {
      return { prefix: "▁", always: false, repeated: scheme !== "first" };
    }
  }
  return undefined;
}

/** The same normalizer without what it puts before a text, so that it can be applied to parts of one. */
export function partwiseNormalizer({ normalizer }: TokenizerJson): Step | null {
  const steps = stepsOf(normalizer).filter(({ type }) => type !== "Prepend");
  return steps.length === 0 ? null : { type: "Sequence", normalizers: steps };
}
