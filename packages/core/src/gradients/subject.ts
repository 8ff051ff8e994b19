/** What gradients are taken of: a model with a prompt and the interventions of the call. */
import type { Probe } from "../pass/changes.js";
import type { ObservedPass } from "../pass/engine.js";
import type { FoundSite } from "../pass/found-site.js";
import type { SiteResolver } from "../sites/resolver.js";
import type { ActivationCache } from "../storage/cache.js";

import type { TokenBatch } from "../tokens/tokens.js";

export interface GradientSubject {
  readonly resolver: SiteResolver;
  readonly tokens: TokenBatch | undefined;
  /** Builds the forward once more. */
  observe(probes: readonly Probe[]): ObservedPass;
  /** Arrays of this pass with their provenance. */
  cache(found: readonly FoundSite[]): ActivationCache;
}
