/** What the compiler says to a site's name: that it is one, or which there are. */
import type { Module } from "@mlxterp/mlx";
import type { GradientOptions } from "../gradients/options.js";
import type { Interventions } from "../intervention.js";
import type { PassOptions, RunOptions } from "../options.js";
import type { Selector } from "../sites/selector.js";
import type { ModuleKey } from "../views.js";
import type { AxesAt } from "./resolve.js";

/** Whether S names a site of M; true where the compiler cannot know. */
type Names<M, S extends string> = [AxesAt<M, S>] extends [never] ? false : true;

/**
 * The type of a parameter that takes a site or a selector: S itself if it names a site of M, else the sites there are.
 * A name that is only known when the program runs is taken as it is, and checked then.
 */
export type SiteOf<M, S extends string> = S extends unknown
  ? Names<M, S> extends true
    ? S
    : KnownSite<M>
  : never;

/** Every site of M, with `*` for the place in a list: what an editor proposes. */
export type KnownSite<M> = Module extends M ? string : SitesBelow<M, 6> | "input" | "output";

/** To a depth, so that a module within its own kind has an end. */
type SitesBelow<T, Depth extends number> = Depth extends 0
  ? never
  : { [K in ModuleKey<T>]: SitesAt<K, NonNullable<T[K & keyof T]>, Depth> }[ModuleKey<T>];

type SitesAt<Name extends string, T, Depth extends number> = T extends Module
  ? Name | `${Name}.input` | `${Name}.${SitesBelow<T, Less[Depth]>}`
  : T extends readonly (infer Item)[]
    ? SitesAt<`${Name}.*`, NonNullable<Item>, Depth>
    : string extends keyof T
      ? SitesAt<`${Name}.*`, T[keyof T], Depth>
      : `${Name}.${SitesBelow<T, Less[Depth]>}`;

type Less = [0, 0, 1, 2, 3, 4, 5];

/** Interventions whose sites are checked, and proposed by an editor; the type of an option `interventions`. */
export type InterventionsOn<M, I extends Interventions> = ChangesOn<M, I, Interventions[string]>;

/** Anything that goes by site, with values of type V: a name that is no site does not compile. */
export type ChangesOn<M, C, V> = C & {
  readonly [K in keyof C]: Names<M, K & string> extends true ? unknown : UnknownSite<K & string>;
} & { readonly [K in KnownSite<M>]?: V };

/** The options of a pass, with interventions on sites of M. */
export type PassOptionsOn<M, I extends Interventions> = PassOptions & {
  readonly interventions?: InterventionsOn<M, I>;
};

/** The options of a run, with sites of M; S is each selector of those that are given. */
export type RunOptionsOn<M, S extends Selector, I extends Interventions> = Omit<
  RunOptions,
  "save"
> &
  PassOptionsOn<M, I> & { readonly save?: S | readonly S[] } & {
    readonly save?: NoInfer<SelectorOn<M, S> | readonly SelectorOn<M, S>[]>;
  };

/** The options of gradients, with sites of M; G are the interventions on gradients. */
export type GradientOptionsOn<
  M,
  S extends Selector,
  I extends Interventions,
  G extends Interventions,
> = Omit<GradientOptions, "save" | "gradInterventions"> &
  PassOptionsOn<M, I> & { readonly save: S | readonly S[] } & {
    readonly save: NoInfer<SelectorOn<M, S> | readonly SelectorOn<M, S>[]>;
    readonly gradInterventions?: InterventionsOn<M, G>;
  };

/** S itself if it is a selector of sites of M. */
type SelectorOn<M, S> = S extends string ? SiteOf<M, S> : S;

/** Each selector of a list, checked. */
export type SelectorsOn<M, S extends readonly Selector[]> = {
  readonly [K in keyof S]: SelectorOn<M, S[K]>;
};

/** What the compiler shows for a name that is no site: no value is of this type. */
interface UnknownSite<S extends string> {
  readonly unknownSite: S;
  readonly never: never;
}
