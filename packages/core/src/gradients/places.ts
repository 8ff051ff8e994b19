/** Where a pass is differentiated: every call of every site that was asked for, found by building the forward once. */
import { type Dtype, dtypeName, InvalidArgumentError, isCallable, isFloating } from "@mlxterp/mlx";
import { NotDifferentiableError } from "../errors.js";
import type { Probe } from "../pass/changes.js";
import type { FoundSite } from "../pass/found-site.js";
import type { Intervention, SiteContext } from "../pass/intervention.js";
import { checkSelectors, type Selector } from "../sites/selector.js";
import { type Site, siteLabel } from "../sites/site.js";

import type { GradientIntervention, GradientOptions } from "./options.js";
import type { GradientSubject } from "./subject.js";

/** One value of the forward. */
export interface Place {
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  /** What interventions are told there. */
  readonly context: SiteContext;
  /** Whether its gradient was asked for. */
  requested: boolean;
  readonly edits: GradientIntervention[];
}

/** A place under the name it was asked for. */
type NamedPlace = Omit<FoundSite, "value"> & { readonly place: Place };

type Edits = readonly (readonly [Selector, readonly GradientIntervention[]])[];

/** The places of one call. */
export interface Places {
  /** Everything that is perturbed, in the order in which the forward comes by. */
  readonly all: readonly Place[];
  /** Where gradients are edited. */
  readonly edited: readonly Place[];
  /** What was asked for. */
  readonly requested: readonly NamedPlace[];
  at(context: SiteContext): Place | undefined;
  /** What makes a pass come by all of them. */
  probes(visit: Intervention): readonly Probe[];
}

/**
 * @throws UnknownSiteError (`UNKNOWN_SITE`), SiteNotReachedError (`SITE_NOT_REACHED`), NotDifferentiableError
 * (`NOT_DIFFERENTIABLE`) for a site that was named exactly, or when nothing else is left
 */
export function findPlaces(subject: GradientSubject, options: GradientOptions): Places {
  const selectors = selectorsOf(options);
  const edits = editsOf(options.gradInterventions ?? {});
  const everything = [...selectors, ...edits.map(([selector]) => selector)];
  const chosen = everything.flatMap((selector) => subject.resolver.resolve(selector));
  const found = discover(subject, selectors, edits);
  refuseIntegers(found, chosen);
  const all = [...found.values()].filter(({ dtype }) => isFloating(dtype));
  return {
    all,
    edited: all.filter(({ edits }) => edits.length > 0),
    requested: named(
      all.filter(({ requested }) => requested),
      chosen,
    ),
    at: ({ site, call }) => {
      const place = found.get(siteLabel(site, call));
      return place && isFloating(place.dtype) ? place : undefined;
    },
    probes: (visit) => everything.map((selector) => ({ selector, visit })),
  };
}

function selectorsOf({ save }: GradientOptions): readonly Selector[] {
  checkSelectors("save", save); // the only option that cannot be left out
  return typeof save === "string" || save instanceof RegExp ? [save] : save;
}

function discover(
  { observe }: GradientSubject,
  selectors: readonly Selector[],
  edits: Edits,
): ReadonlyMap<string, Place> {
  const found = new Map<string, Place>();
  const noting = (note: (place: Place) => void): Intervention => {
    return (x, context) => {
      const key = siteLabel(context.site, context.call);
      const { shape, dtype } = x;
      const place = found.get(key) ?? { shape, dtype, context, requested: false, edits: [] };
      found.set(key, place);
      note(place);
      return x;
    };
  };
  const request = noting((place) => {
    place.requested = true;
  });
  const { reader } = observe([
    ...selectors.map((selector) => ({ selector, visit: request })),
    ...edits.map(([selector, list]) => ({
      selector,
      visit: noting((place) => place.edits.push(...list)),
    })),
  ]);
  reader.release();
  return found;
}

/** Names as `run` gives them: with `#call` where there are several, or one was named. */
function named(places: readonly Place[], chosen: readonly Site[]): NamedPlace[] {
  const sites = new Map(chosen.map((site) => [site.name, site]));
  const counted = new Set(chosen.flatMap(({ name, call }) => (call === undefined ? [] : [name])));
  for (const { context } of places) if (context.call > 0) counted.add(context.site);
  return places.map((place, order) => {
    const { site } = place.context;
    const call = counted.has(site) ? place.context.call : undefined;
    return { name: siteLabel(site, call), site: sites.get(site)!, call, order, place };
  });
}

function refuseIntegers(found: ReadonlyMap<string, Place>, chosen: readonly Site[]): void {
  const integers = [...found.values()].filter(({ dtype }) => !isFloating(dtype));
  const exact = new Set(chosen.flatMap(({ exact, name }) => (exact ? [name] : [])));
  const nothingElse = integers.length === found.size;
  const refused = integers.find(({ context }) => nothingElse || exact.has(context.site));
  if (refused) throw new NotDifferentiableError(refused.context.site, dtypeName(refused.dtype));
}

function editsOf(given: NonNullable<GradientOptions["gradInterventions"]>): Edits {
  return Object.entries(given).map(([selector, one]) => {
    const list: readonly unknown[] = Array.isArray(one) ? one : [one];
    const wrong = list.find((item) => !isCallable(item));
    if (wrong === undefined) return [selector, list as readonly GradientIntervention[]] as const;
    const rule = `what is given for "${selector}" is not a function of a gradient.`;
    throw new InvalidArgumentError("gradInterventions", wrong, rule);
  });
}
