/** How long work reports and stops. */

/** How far a method has come. */
export interface AnalysisProgress {
  readonly done: number;
  readonly total: number;
  /** What is being counted, such as `patching`. */
  readonly stage: string;
}

/** Options that every method has. */
export interface RunControl {
  /** Called after each batch. */
  readonly onProgress?: (progress: AnalysisProgress) => void;
  /** Stops before the next batch; the method then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}
