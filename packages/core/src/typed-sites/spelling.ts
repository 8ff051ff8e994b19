/** Other people's names for sites, translated by the compiler: TransformerLens hooks and snake_case. */
import type { inLayer, outside } from "../sites/hook-names.js";

/** A TransformerLens hook name in this project's words; never when it is none. */
export type FromTransformerLens<S extends string> = S extends keyof typeof outside
  ? (typeof outside)[S]
  : S extends `blocks.{${infer Choice}}.${infer Hook extends keyof typeof inLayer}`
    ? `layers.{${Choice}}.${(typeof inLayer)[Hook]}`
    : S extends `blocks.${infer Layer}.${infer Hook extends keyof typeof inLayer}`
      ? `layers.${Layer}.${(typeof inLayer)[Hook]}`
      : never;

/** `self_attn` → `selfAttn` */
export type CamelCase<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;
