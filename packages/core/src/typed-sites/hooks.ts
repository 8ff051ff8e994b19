/** TransformerLens names of sites, read by the compiler off the types of taps and of their modules' notes. */
import type { Axes } from "../axes.js";
import type { Tap } from "../tree/tap.js";
import type { Step } from "./resolve.js";
import type { ModuleKey } from "./views.js";

/** The way from T, in our words, to the site that TransformerLens calls S; never where there is none. */
export type FromHook<T, S extends string> = OfTaps<T, S> | OfNotes<T, S>;

type OfTaps<T, S extends string> = {
  [K in ModuleKey<T>]: S extends HookOf<NonNullable<T[K & keyof T]>> ? K : never;
}[ModuleKey<T>];

/** The names that a tap's type says; of a tap that has none, or of which it is not known, never. */
type HookOf<T> = T extends Tap<Axes, infer Hook> ? (string extends Hook ? never : Hook) : never;

type OfNotes<T, S extends string> = T extends { readonly siteNotes: infer Notes }
  ? { [P in keyof Notes & string]: Noted<Notes[P], P, S> | Inside<T, Notes[P], P, S> }[keyof Notes &
      string]
  : never;

type Noted<Note, Place extends string, S extends string> = Note extends { hook: infer Hook }
  ? S extends (Hook extends readonly (infer One)[] ? One : Hook)
    ? Place
    : never
  : never;

type Inside<T, Note, Place extends string, S extends string> = Note extends {
  inside: infer Prefix extends string;
}
  ? Prefix extends `${infer Name}.*`
    ? Place extends `${infer List}.*`
      ? InList<Step<Step<T, List>, "*">, List, Name, S>
      : never
    : S extends `${Prefix}.${infer Rest}`
      ? `${Place}.${FromHook<Reached<T, Place>, Rest>}`
      : never
  : never;

type InList<
  Item,
  List extends string,
  Name extends string,
  S extends string,
> = S extends `${Name}.{${infer Choice}}.${infer Rest}`
  ? `${List}.{${Choice}}.${FromHook<Item, Rest>}`
  : S extends `${Name}.${infer Place}.${infer Rest}`
    ? `${List}.${Place}.${FromHook<Item, Rest>}`
    : never;

/** What a way leads to. */
type Reached<T, Way extends string> = Way extends `${infer Head}.${infer Rest}`
  ? Reached<Step<T, Head>, Rest>
  : Step<T, Way>;
