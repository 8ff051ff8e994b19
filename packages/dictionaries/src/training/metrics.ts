/** What is told while a training runs. */

/** One step's numbers, of its own batch. */
export interface TrainingMetrics {
  /** From 1. */
  readonly step: number;
  readonly loss: number;
  /** The parts of the loss by name. */
  readonly terms: Readonly<Record<string, number>>;
  /** How many features are on in a row, on average. */
  readonly count: number;
  /** The explained share of the variance. */
  readonly explained: number;
  /** The share of features that were silent for `deadAfter` steps. */
  readonly dead: number;
  readonly learningRate: number;
}
