/** What a model makes its passes with: its module tree, the tree's observed face, and its names. */
import type { Module } from "@mlxterp/mlx";
import { SiteResolver } from "../sites/resolver.js";
import type { Site } from "../sites/site.js";
import { checkCalled } from "../tree/check-plan.js";
import { ModuleTree } from "../tree/module-tree.js";
import type { ModulePlan } from "../tree/plan.js";
import { checkAllApplied, type Probe, planChanges } from "./changes.js";
import type { PassFacts } from "./facts.js";
import { Interceptor } from "./interceptor.js";
import type { Interventions } from "./intervention.js";
import { Pass } from "./pass.js";
import { PassSizes } from "./pass-sizes.js";
import { SiteReader } from "./reader.js";

/** One observed forward. */
export interface PassRequest {
  /** The arguments of the root's forward. */
  readonly args: readonly unknown[];
  readonly interventions: readonly Interventions[];
  readonly probes?: readonly Probe[];
  readonly facts: PassFacts;
  /** The sites that will be read; undefined keeps every handle until the pass is released. */
  readonly wanted: readonly Site[] | undefined;
}

/** A forward that has yet to run; while it does, its reader finds what is there already. */
interface PreparedPass {
  readonly reader: SiteReader;
  /** @returns whatever the forward returned */
  run(): unknown;
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
  private readonly sizes = new PassSizes();

  /** @param plan the modules that edits put in the place of others, or beside them */
  constructor(
    module: Module,
    private readonly plan?: ModulePlan,
  ) {
    this.tree = new ModuleTree(module, plan);
    this.resolver = new SiteResolver(this.tree);
    this.interceptor = new Interceptor(this.tree);
  }

  /** Runs the root's forward under observation; nothing is computed yet. */
  observe(request: PassRequest): ObservedPass {
    const { reader, run } = this.prepare(request);
    return { reader, result: run() };
  }

  /** Plans a forward and leaves it to the caller to run it. */
  prepare({ args, interventions, probes, facts, wanted }: PassRequest): PreparedPass {
    const changes = planChanges(interventions, this.resolver, probes);
    const size = this.sizes.of(args);
    const pass = new Pass(this.tree.size, { facts, changes, wanted, size });
    const run = (): unknown => {
      pass.running = true;
      try {
        return this.interceptor.run(pass, args);
      } finally {
        pass.running = false;
      }
    };
    const checked = (): unknown => {
      const result = run();
      this.sizes.keep(size);
      checkAllApplied(changes);
      if (this.plan) checkCalled(this.plan, this.tree.byPath, (node) => pass.called(node));
      return result;
    };
    return { reader: new SiteReader(pass, this.interceptor, this.resolver), run: checked };
  }

  /** Refuses interventions on sites that do not exist. @throws UnknownSiteError (`UNKNOWN_SITE`) */
  check(interventions: readonly Interventions[]): void {
    planChanges(interventions, this.resolver);
  }
}
