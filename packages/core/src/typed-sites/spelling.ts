/** The spelling of checkpoints, translated by the compiler. */

/** `self_attn` → `selfAttn` */
export type CamelCase<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;
