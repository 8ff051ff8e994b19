/** What a pass changes: interventions sorted by the module they act on. */
import { InvalidArgumentError, isArray, isCallable } from "@mlxterp/mlx";
import { SiteNotReachedError } from "../errors.js";
import { isModuleEdit } from "../module-edits/module-edit.js";
import type { SiteResolver } from "../sites/resolver.js";
import type { Selector } from "../sites/selector.js";
import type { Site } from "../sites/site.js";
import { applyOne } from "./apply.js";
import type { PassFacts } from "./facts.js";
import type { Intervention, Interventions } from "./intervention.js";
import { arrayInside, withArrayInside } from "./nested.js";
import { checkSkip, skipOptions } from "./skip.js";

interface Change {
  readonly site: Site;
  readonly intervention: Intervention;
  applied: boolean;
}

/** The interventions on one module. */
export interface NodeChanges {
  readonly input: Change[];
  readonly output: Change[];
  /** Those that leave the module out. */
  readonly skips: Change[];
}

/** What the library itself does at sites, after the interventions that were asked for. */
export interface Probe {
  readonly selector: Selector;
  readonly visit: Intervention;
}

interface ChangeRequest {
  readonly selector: Selector;
  readonly changes: readonly Change[];
  /** What it means that a change never ran. */
  readonly consequence: string;
}

/** Interventions as they were asked for, and by module. */
export interface ChangePlan {
  readonly requests: readonly ChangeRequest[];
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
  probes: readonly Probe[] = [],
): ChangePlan {
  const request = (
    selector: Selector,
    list: readonly Intervention[],
    consequence: string,
  ): ChangeRequest => {
    const sites = resolver.resolve(selector);
    const changes: Change[] = [];
    for (const intervention of list) {
      for (const site of sites) changes.push({ site, intervention, applied: false });
    }
    return { selector, changes, consequence };
  };
  const requests: ChangeRequest[] = [];
  for (const record of interventions) {
    for (const selector of Object.keys(record)) {
      requests.push(request(selector, listOf(selector, record[selector]), noEffect));
    }
  }
  for (const { selector, visit } of probes) requests.push(request(selector, [visit], ""));
  const table: (NodeChanges | undefined)[] = [];
  for (const { changes } of requests) {
    for (const change of changes) putInto(table, change);
  }
  return { requests, table };
}

function putInto(table: (NodeChanges | undefined)[], change: Change): void {
  const { node, port } = change.site;
  const changes = table[node.index] ?? { input: [], output: [], skips: [] };
  const skips = skipOptions(change.intervention) !== undefined;
  if (skips) checkSkip(change.site);
  changes[skips ? "skips" : port.kind].push(change);
  table[node.index] = changes;
}

const noEffect = ", so the intervention had no effect";

function listOf(selector: string, given: Interventions[string]): readonly Intervention[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  for (const item of list) {
    if (isCallable(item)) continue;
    const rule = isModuleEdit(item)
      ? `"${selector}": ${item.type} exchanges modules, so it makes a view first: model.edit({ "${selector}": … }).`
      : `the intervention for "${selector}" is not a function; built-ins are called first: zeroOut(), scale(0.5).`;
    throw new InvalidArgumentError("interventions", item, rule);
  }
  return list as readonly Intervention[];
}

/** Is told before each change what the value is so far, and which interventions have yet to act on it. */
export type ChangeProgress = (value: unknown, pending: readonly Intervention[]) => void;

/** Applies the changes of one port to a value, in the order they were given. */
export function applyChanges(
  changes: readonly Change[],
  value: unknown,
  call: number,
  facts: PassFacts,
  progress?: ChangeProgress,
): unknown {
  const isDue = ({ site }: Change) => site.call === undefined || site.call === call;
  const pending = progress ? changes.filter(isDue).map(({ intervention }) => intervention) : [];
  let current = value;
  let done = 0;
  for (const change of changes) {
    if (!isDue(change)) continue;
    const { site, intervention } = change;
    progress?.(current, pending.slice(done++));
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
  for (const { selector, changes, consequence } of requests) {
    const idle = changes.filter(({ applied }) => !applied);
    const exact = idle.find(({ site }) => site.exact);
    if (exact) {
      const { call, name } = exact.site;
      const what =
        call === undefined ? "its module was not called" : `call #${call} did not happen`;
      throw new SiteNotReachedError(name, `${what}${consequence}.`);
    }
    if (idle.length > 0 && idle.length === changes.length) {
      throw new SiteNotReachedError(
        String(selector),
        `none of the ${idle.length} modules it matches was called${consequence}.`,
      );
    }
  }
}
