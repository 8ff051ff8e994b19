/** What a pass changes: interventions sorted by the module they act on. */
import { InvalidArgumentError, isArray } from "@mlxterp/mlx";
import { SiteNotReachedError } from "../errors.js";
import type { Intervention, Interventions } from "../intervention.js";
import type { SiteResolver } from "../sites/resolver.js";
import type { Site } from "../sites/site.js";
import { applyOne } from "./apply.js";
import type { PassFacts } from "./facts.js";
import { arrayInside, withArrayInside } from "./nested.js";

interface Change {
  readonly site: Site;
  readonly intervention: Intervention;
  applied: boolean;
}

/** The interventions on one module. */
export interface NodeChanges {
  readonly input: Change[];
  readonly output: Change[];
}

/** Interventions as they were asked for, and by module. */
export interface ChangePlan {
  readonly requests: readonly { readonly selector: string; readonly changes: readonly Change[] }[];
  /** By node index; sparse. */
  readonly table: readonly (NodeChanges | undefined)[];
}

/**
 * Sorts interventions by module.
 *
 * @throws UnknownSiteError (`UNKNOWN_SITE`) for a selector that matches nothing, InvalidArgumentError
 * (`INVALID_ARGUMENT`) for an intervention that is not a function
 */
export function planChanges(
  interventions: readonly Interventions[],
  resolver: SiteResolver,
): ChangePlan {
  const requests = interventions
    .flatMap((record) => Object.entries(record))
    .map(([selector, given]) => {
      const sites = resolver.resolve(selector);
      const changes = listOf(selector, given).flatMap((intervention) =>
        sites.map((site): Change => ({ site, intervention, applied: false })),
      );
      return { selector, changes };
    });
  const table: (NodeChanges | undefined)[] = [];
  for (const change of requests.flatMap(({ changes }) => changes)) {
    const { node, port } = change.site;
    const changes = table[node.index] ?? { input: [], output: [] };
    changes[port.kind].push(change);
    table[node.index] = changes;
  }
  return { requests, table };
}

function listOf(selector: string, given: Interventions[string]): readonly Intervention[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  for (const item of list) {
    if (typeof item === "function") continue;
    throw new InvalidArgumentError(
      "interventions",
      item,
      `the intervention for "${selector}" is not a function; built-ins are called first: zeroOut(), scale(0.5).`,
    );
  }
  return list as readonly Intervention[];
}

/** Applies the changes of one port to a value, in the order they were given. */
export function applyChanges(
  changes: readonly Change[],
  value: unknown,
  call: number,
  facts: PassFacts,
): unknown {
  let current = value;
  for (const change of changes) {
    const { site, intervention } = change;
    if (site.call !== undefined && site.call !== call) continue;
    const element = site.port.element ?? 0;
    const array = arrayInside(current, element);
    if (!array) {
      throw new SiteNotReachedError(site.name, "there is no array at this place to change.");
    }
    const changed = applyOne(intervention, array, { site, call, facts });
    change.applied = true;
    current = isArray(current) ? changed : withArrayInside(current, element, changed);
  }
  return current;
}

/**
 * Refuses interventions that never had a chance to act: an experiment must not report that they had no effect.
 *
 * @throws SiteNotReachedError (`SITE_NOT_REACHED`) for the first exactly named site, or pattern, that never ran
 */
export function checkAllApplied({ requests }: ChangePlan): void {
  for (const { selector, changes } of requests) {
    const idle = changes.filter(({ applied }) => !applied);
    const exact = idle.find(({ site }) => site.exact);
    if (exact) {
      const { call, name } = exact.site;
      const what =
        call === undefined ? "its module was not called" : `call #${call} did not happen`;
      throw new SiteNotReachedError(name, `${what}, so the intervention had no effect.`);
    }
    if (idle.length > 0 && idle.length === changes.length) {
      throw new SiteNotReachedError(
        selector,
        `none of the ${idle.length} modules it matches was called, so the intervention had no effect.`,
      );
    }
  }
}
