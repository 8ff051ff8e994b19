/** A prompt that is read once and continued many times. */
import {
  checkInterventions,
  checkSelectors,
  type Interventions,
  type Prompt,
  type Selector,
} from "@mlxterp/core";
import {
  checkBoolean,
  checkOptions,
  evaluate,
  InvalidArgumentError,
  type MxArray,
  mx,
} from "@mlxterp/mlx";
import { differenceOf } from "../cache-owner.js";
import { ClosedPrefixError, PrefixMismatchError } from "../errors.js";
import type { GenerationCache, GenerativeModel } from "./generative-model.js";
import { GenerationPasses } from "./passes.js";
import { onePrompt } from "./prompt-ids.js";
import type { SavedSites } from "./save-plan.js";

/** A prefix as one generation goes on from it. */
export interface ContinuedPrefix {
  readonly cache: GenerationCache;
  /** (batch, vocab), at the prefix's last position */
  readonly logits: MxArray;
  readonly ids: readonly number[];
  /** Whether interventions acted on it, so that it cannot be read again without them. */
  readonly changed: boolean;
}

/** What a prefix keeps. */
interface PrefixState extends Omit<ContinuedPrefix, "ids"> {
  readonly model: GenerativeModel;
  readonly interventions: Interventions | undefined;
  /** Whether it may be continued under other interventions. */
  readonly asItIs: boolean;
  readonly saved: SavedSites;
}

/** Tokens that a model has read; continuing it leaves it as it is. */
export class PromptPrefix implements Disposable {
  private state: PrefixState | undefined;

  constructor(
    /** All tokens read, from position 0. */
    readonly ids: readonly number[],
    state: PrefixState,
  ) {
    this.state = state;
  }

  /** Positions that are taken. */
  get length(): number {
    return this.ids.length;
  }

  /** What `save` asked for, by canonical site, (1, position, …). @throws ClosedPrefixError (`CLOSED_PREFIX`) */
  get saved(): SavedSites {
    return this.open().saved;
  }

  /**
   * @internal What a generation by the same model goes on from, in every one of its rows.
   *
   * @throws PrefixMismatchError (`PREFIX_MISMATCH`), ClosedPrefixError (`CLOSED_PREFIX`)
   */
  continuedBy(
    model: GenerativeModel,
    { interventions, rows = 1 }: { interventions?: Interventions; rows?: number } = {},
  ): ContinuedPrefix {
    const { model: reader, cache, logits, changed, asItIs, ...read } = this.open();
    const { ids } = this;
    const { module, edits } = model;
    const owner = { module, edits, interventions: asItIs ? read.interventions : interventions };
    const differs = differenceOf({ ...reader, interventions: read.interventions }, owner);
    if (differs) throw new PrefixMismatchError(reader.name, model.name, differs);
    const own = (rows === 1 ? cache.copy() : cache.repeated(rows)).disown({
      ...owner,
      interventions,
    });
    return { cache: own, logits: rows === 1 ? logits : mx.repeat(logits, rows, 0), ids, changed };
  }

  /**
   * The same prefix, to be continued under other interventions than it was read under: what those of the reading
   * changed stays changed, and those of the generation act on what follows only.
   *
   * @throws ClosedPrefixError (`CLOSED_PREFIX`)
   */
  asItIs(): PromptPrefix {
    return new PromptPrefix(this.ids, { ...this.open(), asItIs: true });
  }

  /** Lets go of the keys and values; generations that are under way go on. */
  dispose(): void {
    this.state = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  private open(): PrefixState {
    if (!this.state) throw new ClosedPrefixError();
    return this.state;
  }
}

export interface PrefixOptions {
  /** Applied while the prefix is read; what they change stays changed for everything that follows. */
  readonly interventions?: Interventions;
  /** Activations to keep. Default: none. */
  readonly save?: Selector | readonly Selector[];
  /**
   * Whether layers that see a window of keys let go of older ones. Without them, interventions of later generations
   * cannot change scores and patterns there, unless the prefix was read with them too. Default: true.
   */
  readonly sliding?: boolean;
  /** A prefix that this one begins with. */
  readonly prefix?: PromptPrefix;
}

/**
 * Reads a prompt that many generations begin with.
 *
 * @throws InvalidPromptError (`INVALID_PROMPT`), TokenRangeError (`TOKEN_RANGE`), UnknownSiteError (`UNKNOWN_SITE`)
 */
export async function readPrefix(
  model: GenerativeModel,
  prompt: Prompt,
  options: PrefixOptions = {},
): Promise<PromptPrefix> {
  checkOptions<PrefixOptions>("readPrefix", options, {
    interventions: checkInterventions,
    save: checkSelectors,
    sliding: checkBoolean,
    prefix: checkPrefix,
  });
  const { prefix, interventions } = options;
  const ids = onePrompt(model, prompt, prefix);
  const begun = prefix?.continuedBy(model, { interventions });
  const changed = begun?.changed || Object.keys(options.interventions ?? {}).length > 0;
  const passes = new GenerationPasses(model, [ids], options, begun);
  const { logits, whole } = passes.readPrompts();
  const saved = whole ? passes.savedByRow(whole)[0] : {};
  const { cache } = passes;
  await evaluate([logits, ...cache.arrays(), ...Object.values(saved)]);
  return new PromptPrefix([...(prefix?.ids ?? []), ...ids], {
    model,
    cache,
    logits,
    saved,
    changed,
    interventions,
    asItIs: false,
  });
}

/** The rule of an option `prefix`. @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
export function checkPrefix(argument: string, value: unknown): void {
  if (value instanceof PromptPrefix && Array.isArray(value.ids)) return; // of the class, and built
  const rule = "must be what model.readPrefix returns.";
  throw new InvalidArgumentError(argument, value, rule);
}
