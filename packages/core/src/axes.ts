/** The names of array axes, in the field's words; taps and interventions speak in them. */

export type Axis =
  | "batch"
  | "position"
  /** The positions of the text that is written, where another one is read. */
  | "target"
  /** Pictures that are seen beside texts, where the prompts are texts. */
  | "images"
  /** The patches of such a picture, behind a first place that belongs to none. */
  | "patches"
  /** Residual streams beside each other. */
  | "streams"
  | "hidden"
  | "heads"
  | "kvHeads"
  | "headDim"
  | "query"
  | "key"
  | "mlpHidden"
  /** The latents of a dictionary. */
  | "features"
  | "vocab"
  /** What a classifier tells apart. */
  | "labels"
  | "experts"
  | "topK"
  /** The size of a mixer's memory in each of its channels (`mlpHidden`, or `headDim` of each head). */
  | "state"
  /** The heads of a mixer that are written and read in the same directions count as one. */
  | "groups"
  /** An axis of length one, kept for broadcasting. */
  | "one";

/** The axes of a value, outermost first. */
export type Axes = readonly Axis[];
