/** The names of array axes, in the field's words; taps and interventions speak in them. */

export type Axis =
  | "batch"
  | "position"
  | "hidden"
  | "heads"
  | "kvHeads"
  | "headDim"
  | "query"
  | "key"
  | "mlpHidden"
  | "vocab"
  | "experts"
  | "topK"
  /** An axis of length one, kept for broadcasting. */
  | "one";

/** The axes of a value, outermost first. */
export type Axes = readonly Axis[];
