/** What the compiler says to a site's name: that it is one, or which there are. */
import type { Selector } from "../sites/selector.js";
import type { KnownSite } from "./proposals.js";
import type { AxesAt } from "./resolve.js";
import type { UnknownSite } from "./unknown-site.js";

/** Whether S names a site of M; true where the compiler cannot know. */
type Names<M, S extends string> = [AxesAt<M, S>] extends [never] ? false : true;

/**
 * The type of a parameter that takes a site or a selector: S itself if it names a site of M, else the sites there are.
 * A name that is only known when the program runs is taken as it is, and checked then.
 */
export type SiteOf<M, S extends string> = S extends unknown
  ? Names<M, S> extends true
    ? S
    : KnownSite<M, S>
  : never;

/** Anything that goes by site, with values of type V: a name that is no site does not compile. */
export type ChangesOn<M, C, V> = C & {
  readonly [K in keyof C]: Names<M, K & string> extends true ? unknown : UnknownSite<M, K & string>;
} & { readonly [K in KnownSite<M> | Proposed<M, keyof C & string>]?: V };

/** What an editor proposes for the names of C that are none, or not yet. */
type Proposed<M, Name extends string> = Name extends unknown
  ? Names<M, Name> extends true
    ? never
    : KnownSite<M, Name>
  : never;

/** S itself if it is a selector of sites of M. */
export type SelectorOn<M, S> = S extends string ? (string extends S ? Selector : SiteOf<M, S>) : S;

/** Each selector of a list, checked. */
export type SelectorsOn<M, S extends readonly Selector[]> = {
  readonly [K in keyof S]: SelectorOn<M, S[K]>;
};
