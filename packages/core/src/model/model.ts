/** Any MLX module, made interpretable: traces, runs and edits that never write to it. */
import { checkFunction, checkOptions, type Module, type MxArray } from "@mlxterp/mlx";
import { gradientsOf } from "../gradients/gradients.js";
import {
  type GradientMetric,
  type GradientOptions,
  type GradientOptionsOn,
  type Gradients,
  gradientRules,
} from "../gradients/options.js";
import type { GradientSubject } from "../gradients/subject.js";
import type { FoundSite } from "../pass/found-site.js";
import type { Interventions } from "../pass/intervention.js";
import { type PassOptions, type PassOptionsOn, passRules } from "../pass/options.js";
import { requireSynchronous } from "../pass/synchronous.js";
import { readScan } from "../scan/read-scan.js";
import { Scan } from "../scan/scan.js";
import { otherNameText } from "../sites/described.js";
import { outputPort, type Selector } from "../sites/selector.js";
import { siteName } from "../sites/site.js";
import { ActivationCache, type CacheFacts } from "../storage/cache.js";
import { capture } from "../storage/capture.js";
import { computeCache } from "../storage/compute.js";
import { isTokenBatch } from "../tokens/prompts.js";
import type { Prompt } from "../tokens/tokens.js";
import { renamed } from "../tree/axis-names.js";
import { declaredAxes } from "../tree/module-node.js";
import type { SiteOf } from "../typed-sites/checked.js";
import type { Children } from "../typed-sites/views.js";
import { type Fed, firstArray } from "./fed-model.js";
import {
  type InterpretableOptions,
  type RunOptions,
  type RunOptionsOn,
  runRules,
  type SiteInfo,
} from "./options.js";
import { TracedModel } from "./traced-model.js";

/** The members of every interpretable model; `InterpretableModel<M>` adds the views of M's modules. */
export class InterpretableModelCore<M extends Module> extends TracedModel<M> {
  /**
   * Every site that matches, in the order of the module tree; by default all modules inside the model.
   *
   * @throws UnknownSiteError (`UNKNOWN_SITE`)
   */
  sites<const S extends string>(selector?: SiteOf<M, S> | RegExp): SiteInfo[];
  sites(selector: Selector = "**"): SiteInfo[] {
    const { tree, resolver } = this.engine;
    tree.rescan(); // a listing also finds what was added under a new name
    if (selector === "**" && tree.nodes.length === 1) return []; // one module, and none inside
    return resolver.resolve(selector).map(({ node, port, name }) => ({
      site: name,
      kind: node.module.constructor.name,
      axes: renamed(
        (port.kind === "output" ? declaredAxes(node.module) : undefined) ??
          resolver.described.axes(name),
        node.axisNames,
      )?.slice(), // the reader's own
      holds: resolver.described.holds(name),
      otherNames: resolver.described.otherNames(name).map(otherNameText),
    }));
  }

  /**
   * The module's own forward, with this view's edits and nothing observed. Lazy.
   *
   * @returns for language models the logits, (batch, position, vocab)
   * @throws AsyncForwardError (`ASYNC_FORWARD`) for a forward that returns a Promise
   */
  forward(input: Prompt, ...args: unknown[]): MxArray {
    const fed = this.prepare(input, { args });
    if (this.edits.length > 0) return firstArray(this.observe(fed, [], {}).result);
    return firstArray(requireSynchronous("", this.module.forward(fed.array, ...fed.args)));
  }

  /**
   * The shape, dtype and bytes of every site in a pass over this input. Nothing is computed.
   *
   * @example
   * const scan = model.scan(prompts);
   * scan.bytes(["layers.*", "layers.*.selfAttn.pattern"]); // what saving them would take
   * @throws UnknownSiteError (`UNKNOWN_SITE`), InterventionShapeError (`INTERVENTION_SHAPE`), InvalidPromptError
   * (`INVALID_PROMPT`)
   */
  scan<const I extends Interventions = Interventions>(
    input: Prompt,
    options: PassOptionsOn<M, I> = {},
  ): Scan {
    checkOptions<PassOptions>("scan", options, passRules);
    const { tree, resolver } = this.engine;
    const fed = this.prepare(input, options);
    const { tokens } = fed;
    const { reader } = this.observe(fed, undefined, options);
    const values = readScan(reader, tree.nodes, tokens?.array.shape[1]);
    reader.release();
    return new Scan({ nodes: tree.nodes, resolver, values, tokens });
  }

  /**
   * One pass whose chosen activations are computed and kept; all else is released first. With a `budget`, what would
   * not fit is refused before anything is computed; with `spill`, it goes to the disk.
   *
   * @example
   * const cache = await model.run(prompts, { save: ["layers.*", "output"] });
   * @throws UnknownSiteError (`UNKNOWN_SITE`), SiteNotReachedError (`SITE_NOT_REACHED`), OutOfRangeError (`OUT_OF_RANGE`),
   * BudgetExceededError (`BUDGET_EXCEEDED`)
   */
  async run<
    const S extends Selector = Selector,
    const I extends Interventions = Interventions,
    P extends RunOptions["positions"] = undefined,
  >(
    input: Prompt,
    options: RunOptionsOn<M, S, I> & { readonly positions?: P } = {},
  ): Promise<ActivationCache<P extends number ? Module : M>> {
    checkOptions<RunOptions>("run", options, runRules);
    const provenance = () => this.provenance(options);
    const cache = this.lazily(this.prepare(input, options), options, provenance);
    await computeCache(cache, options);
    return cache as ActivationCache<P extends number ? Module : M>;
  }

  /**
   * A metric and its gradient at every chosen site, from one forward and one backward. The gradient is by the value
   * that a trace would show, after interventions, and goes through them. The forward is built twice and computed once.
   *
   * @param metric one number from the output, for language models logits (batch, position, vocab), or from values inside
   * @returns gradients of the shapes and dtypes of the sites' values
   * @throws UnknownSiteError (`UNKNOWN_SITE`), SiteNotReachedError (`SITE_NOT_REACHED`), NotDifferentiableError
   * (`NOT_DIFFERENTIABLE`), InvalidMetricError (`INVALID_METRIC`), and whatever the metric throws
   * @example
   * const { value, gradients } = await model.gradients(
   *   "The capital of France is",
   *   (logits) => mx.subtract(logits.index(0, -1, paris), logits.index(0, -1, rome)),
   *   { save: ["layers.*", "layers.*.selfAttn.pattern"] },
   * );
   * gradients.get("layers.2"); // (batch, position, hidden)
   */
  async gradients<
    const S extends Selector,
    const I extends Interventions = Interventions,
    const G extends Interventions = Interventions,
  >(
    input: Prompt,
    metric: GradientMetric,
    options: GradientOptionsOn<M, S, I, G>,
  ): Promise<Gradients<M>> {
    checkOptions<GradientOptions>("gradients", options, gradientRules);
    checkFunction("metric", metric);
    return (await gradientsOf(this.subject(input, options), metric, options)) as Gradients<M>;
  }

  /** @internal The pass of `run`, with nothing computed yet; a batch of tokens is trusted to be sound. */
  collectLazily(input: Prompt, options: RunOptions): ActivationCache<M> {
    const fed = isTokenBatch(input) ? this.fed(input, options) : this.prepare(input, options);
    return this.lazily(fed, options, () => this.provenance(options));
  }

  private lazily(
    fed: Fed,
    options: RunOptions,
    provenance: CacheFacts["provenance"],
  ): ActivationCache<M> {
    const { tree, resolver } = this.engine;
    const { save = siteName(tree.root, outputPort) } = options;
    const selectors = typeof save === "string" || save instanceof RegExp ? [save] : save;
    const wanted = selectors.flatMap((selector) => resolver.resolve(selector));
    const { reader } = this.observe(fed, wanted, options);
    const found = reader.found(selectors);
    const made = reader.bytes;
    reader.release();
    return this.cache(found, fed, options, { provenance, made });
  }

  private subject(input: Prompt, options: PassOptions): GradientSubject {
    const provenance = this.provenance(options); // before a graph is built that it could disturb
    const fed = this.prepare(input, options);
    return {
      resolver: this.engine.resolver,
      tokens: fed.tokens,
      observe: (probes) => this.observe(fed, undefined, options, probes),
      cache: (found) => this.cache(found, fed, options, { provenance }),
    };
  }

  private cache(
    found: readonly FoundSite[],
    { tokens }: Fed,
    { positions, dtype }: Omit<RunOptions, "save">,
    facts: Pick<CacheFacts, "provenance" | "made">,
  ): ActivationCache<M> {
    const kept = found.map((one) => capture(one, tokens, { positions, dtype }));
    const entries = new Map(kept.map((entry) => [entry.site.name, entry]));
    return new ActivationCache(entries, { tokens, positions, ...facts });
  }
}

/** A model with a member for every module of M, which reads from the innermost open trace. */
export type InterpretableModel<M extends Module> = InterpretableModelCore<M> & Children<M>;

/**
 * Makes any MLX module interpretable.
 *
 * @example
 * const model = new InterpretableModel(new MyNetwork());
 * const cache = await model.run(mx.ones([1, 8]), { save: "**" });
 */
export const InterpretableModel = InterpretableModelCore as unknown as new <M extends Module>(
  module: M,
  options?: InterpretableOptions,
) => InterpretableModel<M>;
