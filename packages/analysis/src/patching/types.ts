/** What activation patching is asked and what it answers. */
import type { Answer } from "../answers.js";
import type { Metric } from "../metrics.js";
import type { RunControl } from "../progress.js";
import type { ManyPrompts, OnePrompt, PromptTokens, TokenText } from "../prompts.js";
import type { ResultProvenance } from "../provenance.js";

/**
 * - `residual`: the residual stream before a layer (`layers.i.input`)
 * - `attention`, `mlp`: what that part of a layer adds to it (`layers.i.selfAttn`, `layers.i.mlp`)
 * - `head`: one head's mix of values (`layers.i.selfAttn.z`)
 */
export type PatchKind = "residual" | "attention" | "mlp" | "head";

/**
 * - `denoising`: clean activations into the corrupted run; finds what is enough to restore the answer
 * - `noising`: corrupted activations into the clean run; finds what the answer cannot do without
 */
export type PatchDirection = "denoising" | "noising";

export interface PatchingOptions extends RunControl {
  /** The prompt that gets the answer right, or several. */
  readonly clean: OnePrompt | ManyPrompts;
  /** The same with the decisive words exchanged; as many tokens, prompt by prompt. */
  readonly corrupted: OnePrompt | ManyPrompts;
  /** The clean prompt's answer: one for all pairs, or one for each. */
  readonly answer: Answer | readonly Answer[];
  /** The corrupted prompt's answer. */
  readonly wrongAnswer?: Answer | readonly Answer[];
  /** What is patched; several kinds give several matrices. Default: `residual`. */
  readonly sites?: PatchKind | readonly PatchKind[];
  /** Default: `denoising`. */
  readonly direction?: PatchDirection;
  /** Default: the logit difference if there is a wrong answer, else the log probability. */
  readonly metric?: Metric;
  /** Layers to patch; negative from the last. Default: all. */
  readonly layers?: readonly number[];
  /** `each` position by itself, `all` at once, or these; negative from the end. Default: `all` for heads, else `each`. */
  readonly positions?: "each" | "all" | readonly number[];
  /** Heads to patch. Default: all. */
  readonly heads?: readonly number[];
  /** Patched runs in one pass. Default: what fits about 128 MiB. */
  readonly maxRows?: number;
}

/** Where in a layer a column of the matrix patches; null means everywhere. */
export interface PatchColumn {
  readonly position: number | null;
  readonly head: number | null;
}

/** A score for every layer and column. */
export type Matrix = readonly (readonly number[])[];

/** What patching did to the metric. */
export interface PatchEffect {
  /** The metric itself, [layer][column]. */
  readonly raw: Matrix;
  /** 0 is the corrupted run, 1 the clean run; other values are possible. */
  readonly normalized: Matrix;
}

/** One kind of site over layers and columns, averaged over pairs. */
export interface PatchingMatrix extends PatchEffect {
  readonly kind: PatchKind;
  /** The sites' names, with `*` for the layer. */
  readonly site: string;
  readonly layers: readonly number[];
  readonly columns: readonly PatchColumn[];
  /** The same for each pair. */
  readonly perPair: readonly PatchEffect[];
}

/** The metric without any patch. */
export interface PatchBaseline {
  readonly clean: number;
  readonly corrupted: number;
}

/** One pair of prompts as it was fed. */
export interface PatchingPair {
  readonly clean: PromptTokens;
  readonly corrupted: PromptTokens;
  readonly answer: TokenText;
  readonly wrongAnswer?: TokenText;
  readonly baseline: PatchBaseline;
}

export interface PatchingResult {
  readonly direction: PatchDirection;
  readonly metric: string;
  /** Averaged over pairs. */
  readonly baseline: PatchBaseline;
  readonly pairs: readonly PatchingPair[];
  /** One for each kind that was asked for. */
  readonly matrices: readonly PatchingMatrix[];
  readonly provenance: ResultProvenance;
}
