/** What is trained: arrays by name, oriented so that rows multiply from the left. */
import type { MxArray } from "@mlxterp/mlx";

/**
 * Of the shapes of `DictionaryWeights`; of crosscoders, (sources · width, features) and (features, sources · width). `threshold`
 * is itself or its logarithm, by recipe.
 */
export type Parameters = Readonly<Record<string, MxArray>>;

/** One batch of rows. */
export interface TrainingBatch {
  /** What is read, (rows, input). */
  readonly x: MxArray;
  /** What is to be written, (rows, output); for autoencoders the same array. */
  readonly y: MxArray;
}

/** What an objective knows besides parameters and batch. */
export interface StepContext {
  /** 1 where a feature has been silent for too long, (features). */
  readonly dead: MxArray;
  /** How many of them there are. */
  readonly deadCount: number;
  /** What features cost in this step. */
  readonly sparsity: number;
  /** Of pAnneal: the power of this step. */
  readonly power: number;
}

/** What an objective says of a batch; all lazy. */
export interface Losses {
  /** What is made small. */
  readonly loss: MxArray;
  /** Its parts by name. */
  readonly terms: Readonly<Record<string, MxArray>>;
  /** (rows, features) */
  readonly features: MxArray;
  /** (rows, output) */
  readonly reconstruction: MxArray;
  /** Features on the scale on which they are chosen, where that differs. */
  readonly chosen?: MxArray;
}

/** Losses, and their gradients by parameter. */
export interface Differentiated {
  readonly losses: Losses;
  readonly gradients: Parameters;
}

export interface Objective {
  (parameters: Parameters, batch: TrainingBatch, context: StepContext): Losses;
  /** The same with gradients that were derived by hand, where that is faster; undefined where it is not. */
  readonly byHand?: (
    parameters: Parameters,
    batch: TrainingBatch,
    context: StepContext,
  ) => Differentiated | undefined;
}
