/** The passes of one generation: each feeds what is new, and answers with the newest logits and what is to be saved. */
import {
  type ActivationCache,
  type Interventions,
  NotFiniteError,
  notFiniteError,
  type TokenBatch,
} from "@mlxterp/core";
import { InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import type {
  GenerationCache,
  GenerationPassOptions,
  GenerativeModel,
} from "./generative-model.js";
import type { ContinuedPrefix } from "./prefix.js";
import {
  newestOf,
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
  cache: GenerationCache;
  /** How many pads stand at the left of each row. */
  readonly padding: readonly number[];
  private readonly lengths: readonly number[];
  private readonly saves: SavePlan | undefined;
  /** All ids of each row, those of a prefix included. */
  private readonly texts: number[][];

  /** @throws UnknownSiteError (`UNKNOWN_SITE`) */
  constructor(
    private readonly model: GenerativeModel,
    private readonly prompts: readonly (readonly number[])[],
    private readonly options: PassesOptions,
    private readonly prefix?: ContinuedPrefix,
  ) {
    this.cache = prefix?.cache ?? model.createCache({ sliding: options.sliding });
    this.lengths = prompts.map((prompt) => prompt.length);
    this.texts = prompts.map((prompt) => [...(prefix?.ids ?? []), ...prompt]);
    const width = Math.max(...this.lengths);
    this.padding = this.lengths.map((length) => width - length);
    this.saves = planSaves(model, options);
  }

  /** Step 0: the prompts. */
  readPrompts(): PassResult {
    const { prompts, prefix, lengths } = this;
    if (prefix && lengths.every((length) => length === 0)) return unsaved(prefix.logits);
    return this.read(prompts, 0);
  }

  /** Every later step: the newest token of each row. */
  readTokens(newest: readonly { readonly newest: number }[], step: number): PassResult {
    const rows = newest.map((row) => [row.newest]);
    rows.forEach((added, row) => {
      this.texts[row].push(...added);
    });
    return this.read(rows, step);
  }

  /**
   * Reads what is new or, where positions turn in another way than when the cache was filled, the whole texts into
   * another cache, as it would be without any.
   */
  private read(added: readonly (readonly number[])[], step: number): PassResult {
    const { cache, saves } = this;
    const width = Math.max(...added.map((ids) => ids.length));
    const again = this.outgrown(cache.length, cache.length + width);
    if (again) this.beginAgain();
    const begin = this.cache.length === 0;
    const rows = begin ? this.texts : added;
    const lastOnly = step > 0 || !(saves?.wholeOutput && saves.inStep(0));
    const padded = (step === 0 || begin) && this.padding.some((count) => count > 0);
    const input = padded ? this.padLeft(rows) : rows;
    const given = {
      ...{ cache: this.cache, lastOnly },
      ...(padded && { padding: this.padding }),
      ...this.lastPositions(input[0].length),
    };
    return this.pass(input, step, given, again ? width : undefined);
  }

  private padLeft(rows: readonly (readonly number[])[]): number[][] {
    const pad = this.model.tokenizer?.padId ?? 0;
    return rows.map((ids, row) => [...new Array<number>(this.padding[row]).fill(pad), ...ids]);
  }

  /** Whether keys of so many columns are of no use among more. */
  private outgrown(before: number, after: number): boolean {
    const { maxPositions = Number.POSITIVE_INFINITY } = this.model.anatomy;
    const regime = (end: number) => this.model.positionRegime?.(Math.min(end, maxPositions));
    return before > 0 && regime(before) !== regime(after);
  }

  private beginAgain(): void {
    if (this.prefix?.changed) {
      const rule =
        "it was read with interventions, and the rope scaling of this model turns its positions in another way in a " +
        "text of this length, so that it would have to be read again. Generate from the whole text.";
      throw new InvalidArgumentError("prefix", this.prefix.ids, rule);
    }
    this.cache = this.model.createCache({ sliding: this.options.sliding });
  }

  /** Rows that have ended, for want of positions, stay at the last one. */
  private lastPositions(width: number): Pick<GenerationPassOptions, "positions"> | undefined {
    const { maxPositions = Number.POSITIVE_INFINITY } = this.model.anatomy;
    const offset = this.cache.length;
    if (this.padding.every((pads) => offset + width - pads <= maxPositions)) return undefined;
    const at = (column: number, pads: number) =>
      Math.min(Math.max(offset + column - pads, 0), maxPositions - 1);
    return {
      positions: this.padding.map((pads) => Array.from({ length: width }, (_, i) => at(i, pads))),
    };
  }

  /** @param newest how many positions of what is saved are this step's. Default: all */
  private pass(
    rows: readonly (readonly number[])[],
    step: number,
    given: GenerationPassOptions,
    newest?: number,
  ): PassResult {
    const { model, cache, saves } = this;
    const { interventions } = this.options;
    const array = mx.array(rows, mx.int32);
    const saving = saves?.inStep(step) ? saves : undefined;
    if (!saving && !interventions && model.edits.length === 0) {
      cache.claim({ module: model.module, edits: model.edits, interventions });
      const logits = model.module.forward(array, given) as MxArray; // nobody looks: no need to observe
      return unsaved(newestLogits(logits));
    }
    const { prompts, lengths } = this;
    const tokens: TokenBatch = { ids: prompts, lengths, padding: "left", array };
    const save = saving ? [...saving.selectors, "output"] : "output";
    const offset = cache.length;
    const pass = model.collectLazily(tokens, { save, interventions, args: [given], offset, step });
    const logits = newestLogits(pass.get("output"));
    if (!saving) return unsaved(logits);
    const values = savedValues(pass, saving);
    return { logits, whole: { pass, values: newest ? newestOf(values, newest) : values, step } };
  }

  /** Why logits are not finite: the whole text of each row is looked through, and the first fault told. */
  async notFinite(step: number): Promise<NotFiniteError> {
    const { model, texts } = this;
    const { interventions } = this.options;
    const what = `The logits of step ${step}`;
    let error = new NotFiniteError(what, undefined);
    for (const ids of texts) {
      error = await notFiniteError(what, model, [ids], { interventions });
      if (error.first) break;
    }
    return error;
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
