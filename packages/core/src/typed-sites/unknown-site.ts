/** What the compiler says of a name that is no site, where it stands as a key: a sentence, which no value is. */
import type { Step } from "./resolve.js";
import type { ModuleKey } from "./views.js";

/** The type of the value beside a name S that is no site of M. */
export type UnknownSite<M, S extends string> = [Nearest<M, S>] extends [never]
  ? `"${S}" is no site of this model.`
  : `"${S}" is no site of this model. Did you mean "${Nearest<M, S>}"?`;

/** Names that differ from S in one segment, and in it by a letter more, less, other or exchanged with the next. */
type Nearest<T, S extends string> = S extends `{${infer Choice}}.${infer Rest}`
  ? Further<T, `{${Choice}}`, Rest>
  : S extends `${infer Head}.${infer Rest}`
    ? [Step<T, Head>] extends [never]
      ? `${Similar<T, Head>}.${Rest}`
      : Further<T, Head, Rest>
    : Similar<T, S>;

type Further<
  T,
  Head extends string,
  Rest extends string,
> = `${Head}.${Nearest<Step<T, Head>, Rest>}`;

type Similar<T, Written extends string> = {
  [K in ModuleKey<T>]: [Shortened<K> & Shortened<Written>] extends [never] ? never : K;
}[ModuleKey<T>];

/** A word, and the word without each one of its letters: what two similar words have in common. */
type Shortened<S extends string> = S | Without<S>;

type Without<
  S extends string,
  Before extends string = "",
> = S extends `${infer Letter}${infer Rest}`
  ? `${Before}${Rest}` | Without<Rest, `${Before}${Letter}`>
  : never;
