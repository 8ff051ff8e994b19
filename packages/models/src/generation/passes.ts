/** The passes of one generation: each feeds what is new, and answers with the newest logits and what is to be saved. */
import type { ActivationCache, Interventions, TokenBatch } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import type {
  GenerationCache,
  GenerationPassOptions,
  GenerativeModel,
} from "./generative-model.js";
import type { ContinuedPrefix } from "./prefix.js";
import {
  planSaves,
  type SavedSites,
  type SavedValue,
  type SavePlan,
  type StepSaveOptions,
  savedOfRow,
  savedValues,
} from "./save-plan.js";

export interface PassesOptions extends StepSaveOptions {
  readonly interventions?: Interventions;
  /** See `PrefixOptions`. */
  readonly sliding?: boolean;
}

/** Everything that a pass saves, pads included. */
export interface WholePass {
  readonly pass: ActivationCache;
  readonly values: readonly SavedValue[];
  readonly step: number;
}

/** What one pass gives; nothing of it is computed yet. */
export interface PassResult {
  /** (batch, vocab) float32, at the newest position of every row */
  readonly logits: MxArray;
  /** What all rows save together; undefined in a step without saving. */
  readonly whole: WholePass | undefined;
}

/** Feeds prompts, of which the shorter ones are padded on the left, and then one token for each. */
export class GenerationPasses {
  readonly cache: GenerationCache;
  /** How many pads stand at the left of each row. */
  readonly padding: readonly number[];
  private readonly lengths: readonly number[];
  private readonly saves: SavePlan | undefined;

  /** @throws UnknownSiteError (`UNKNOWN_SITE`) */
  constructor(
    private readonly model: GenerativeModel,
    private readonly prompts: readonly (readonly number[])[],
    private readonly options: PassesOptions,
    private readonly prefix?: ContinuedPrefix,
  ) {
    this.cache = prefix?.cache ?? model.createCache({ sliding: options.sliding });
    this.lengths = prompts.map((prompt) => prompt.length);
    const width = Math.max(...this.lengths);
    this.padding = this.lengths.map((length) => width - length);
    this.saves = planSaves(model, options);
  }

  /** Step 0: the prompts. */
  readPrompts(): PassResult {
    const { prompts, padding, prefix, saves } = this;
    if (prefix && this.lengths.every((length) => length === 0)) return unsaved(prefix.logits);
    const pad = this.model.tokenizer?.padId ?? 0;
    const rows = prompts.map((ids, row) => [...new Array<number>(padding[row]).fill(pad), ...ids]);
    const padded = padding.some((count) => count > 0) && { padding };
    const lastOnly = !(saves?.wholeOutput && saves.inStep(0));
    return this.pass(rows, 0, { cache: this.cache, lastOnly, ...padded });
  }

  /** Every later step: the newest token of each row. */
  readTokens(newest: readonly { readonly newest: number }[], step: number): PassResult {
    const rows = newest.map((row) => [row.newest]);
    return this.pass(rows, step, { cache: this.cache, lastOnly: true, ...this.lastPositions() });
  }

  /** Rows that have ended, for want of positions, stay at the last one. */
  private lastPositions(): Pick<GenerationPassOptions, "positions"> | undefined {
    const { maxPositions = Number.POSITIVE_INFINITY } = this.model.anatomy;
    const positions = this.padding.map((pads) => this.cache.length - pads);
    if (positions.every((position) => position < maxPositions)) return undefined;
    return { positions: positions.map((position) => [Math.min(position, maxPositions - 1)]) };
  }

  private pass(rows: number[][], step: number, given: GenerationPassOptions): PassResult {
    const { model, cache, saves } = this;
    const { interventions } = this.options;
    const array = mx.array(rows, mx.int32);
    const saving = saves?.inStep(step) ? saves : undefined;
    if (!saving && !interventions && model.edits.length === 0) {
      const logits = model.module.forward(array, given) as MxArray; // nobody looks: no need to observe
      return unsaved(newestLogits(logits));
    }
    const { prompts, lengths } = this;
    const tokens: TokenBatch = { ids: prompts, lengths, padding: "left", array };
    const save = saving ? [...saving.selectors, "output"] : "output";
    const offset = cache.length;
    const pass = model.collectLazily(tokens, { save, interventions, args: [given], offset, step });
    const logits = newestLogits(pass.get("output"));
    return { logits, whole: saving && { pass, values: savedValues(pass, saving), step } };
  }

  /** What each row of a pass saves. @throws MissingAxisError (`MISSING_AXIS`) */
  savedByRow({ values, step }: WholePass): SavedSites[] {
    const rows = this.prompts.length;
    return this.padding.map((pads, row) => savedOfRow(values, { row, rows, pads, step }));
  }
}

function unsaved(logits: MxArray): PassResult {
  return { logits, whole: undefined };
}

/** (batch, position, vocab) → (batch, vocab) float32 */
function newestLogits(logits: MxArray): MxArray {
  const [batch, length, vocab] = logits.shape;
  const newest = length === 1 ? logits.reshape([batch, vocab]) : logits.index(mx.Slice(), -1);
  return newest.dtype === mx.float32 ? newest : newest.astype(mx.float32);
}
