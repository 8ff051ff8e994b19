/** What a model makes its passes with: its module tree, the tree's observed face, and its names. */
import type { Module } from "@mlxterp/mlx";
import type { Interventions } from "../intervention.js";
import { ModuleTree } from "../sites/module-tree.js";
import { SiteResolver } from "../sites/resolver.js";
import type { Site } from "../sites/site.js";
import { checkAllApplied, planChanges } from "./changes.js";
import type { PassFacts } from "./facts.js";
import { Interceptor } from "./interceptor.js";
import { Pass } from "./pass.js";
import { SiteReader } from "./reader.js";

/** One observed forward. */
export interface PassRequest {
  /** The arguments of the root's forward. */
  readonly args: readonly unknown[];
  readonly interventions: readonly Interventions[];
  readonly facts: PassFacts;
  /** The sites that will be read; undefined keeps every handle until the pass is released. */
  readonly wanted: readonly Site[] | undefined;
}

/** A forward that has run, and whatever it returned. */
export interface ObservedPass {
  readonly reader: SiteReader;
  readonly result: unknown;
}

export class PassEngine {
  readonly tree: ModuleTree;
  readonly resolver: SiteResolver;
  private readonly interceptor: Interceptor;

  constructor(module: Module) {
    this.tree = new ModuleTree(module);
    this.resolver = new SiteResolver(this.tree);
    this.interceptor = new Interceptor(this.tree);
  }

  /** Runs the root's forward under observation; nothing is computed yet. */
  observe({ args, interventions, facts, wanted }: PassRequest): ObservedPass {
    const changes = planChanges(interventions, this.resolver);
    const pass = new Pass(this.tree.size, { facts, changes, wanted });
    const result = this.interceptor.run(pass, args);
    checkAllApplied(changes);
    return { reader: new SiteReader(pass, this.interceptor, this.resolver), result };
  }

  /** Refuses interventions on sites that do not exist. @throws UnknownSiteError (`UNKNOWN_SITE`) */
  check(interventions: Interventions): void {
    planChanges([interventions], this.resolver);
  }
}
