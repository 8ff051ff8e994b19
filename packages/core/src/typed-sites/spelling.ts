/** Other people's names for sites, translated by the compiler: TransformerLens hooks and snake_case. */
import type { inLayer, outside } from "../sites/hook-names.js";

/** A TransformerLens hook name in this project's words; never when it is none. */
export type FromTransformerLens<S extends string> = S extends keyof typeof outside
  ? Meant<(typeof outside)[S]>
  : S extends `blocks.{${infer Choice}}.${infer Hook extends keyof typeof inLayer}`
    ? `layers.{${Choice}}.${Meant<(typeof inLayer)[Hook]>}`
    : S extends `blocks.${infer Layer}.${infer Hook extends keyof typeof inLayer}`
      ? `layers.${Layer}.${Meant<(typeof inLayer)[Hook]>}`
      : never;

/** Any of the sites that a name may mean. */
type Meant<Sites> = Sites extends readonly (infer Site extends string)[] ? Site : Sites & string;

/** `self_attn` → `selfAttn` */
export type CamelCase<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;
