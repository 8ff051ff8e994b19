/** What an editor proposes while a site's name is written: names that go on from what stands there. */
import type { Module } from "@mlxterp/mlx";
import type { ModuleKey } from "./views.js";

/**
 * Every site of M. The place in a list is the one that Written has there, as in `layers.3.`, else `*`.
 *
 * @example
 * type Proposed = KnownSite<Decoder, "layers.3.">; // "layers.3" | "layers.3.selfAttn" | …
 */
export type KnownSite<M, Written extends string = ""> = Module extends M
  ? string
  : SitesBelow<M, Written, 6> | "input" | "output";

/** To a depth, so that a module within its own kind has an end. */
type SitesBelow<T, Written extends string, Depth extends number> = Depth extends 0
  ? never
  : {
      [K in ModuleKey<T>]: SitesAt<K, NonNullable<T[K & keyof T]>, After<Written, K>, Depth>;
    }[ModuleKey<T>];

type SitesAt<
  Name extends string,
  T,
  Written extends string,
  Depth extends number,
> = T extends Module
  ? Name | `${Name}.input` | `${Name}.${SitesBelow<T, Written, Less[Depth]>}`
  : T extends readonly (infer Item)[]
    ? InList<Name, NonNullable<Item>, Split<Written>, Depth>
    : string extends keyof T
      ? InList<Name, T[keyof T], Split<Written>, Depth>
      : `${Name}.${SitesBelow<T, Written, Less[Depth]>}`;

type InList<
  Name extends string,
  Item,
  Written extends readonly [place: string, rest: string],
  Depth extends number,
> = SitesAt<`${Name}.${Written[0]}`, Item, Written[1], Depth>;

/** What is written after a name; nothing where another name is. */
type After<Written extends string, Name extends string> = Written extends `${Name}.${infer Rest}`
  ? Rest
  : "";

/** The place in a list that is written, and what follows; a place that is only begun may be any. */
type Split<Written extends string> = Written extends `{${infer Choice}}.${infer Rest}`
  ? [`{${Choice}}`, Rest]
  : Written extends `${infer Place extends number}.${infer Rest}`
    ? [`${Place}`, Rest]
    : ["*", Written extends `*.${infer Rest}` ? Rest : ""];

type Less = [0, 0, 1, 2, 3, 4, 5];
