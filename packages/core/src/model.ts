/** Any MLX module, made interpretable: traces, runs and edits that never write to it. */
import { evaluate, InvalidArgumentError, type Module, type MxArray } from "@mlxterp/mlx";
import type { Anatomy } from "./anatomy.js";
import { ActivationCache } from "./cache.js";
import { InvalidPromptError } from "./errors.js";
import type { Interventions } from "./intervention.js";
import { defineViews } from "./model-views.js";
import { openTrace, type Trace } from "./open-trace.js";
import type {
  ForwardArguments,
  InterpretableOptions,
  PassOptions,
  RunOptions,
  SiteInfo,
} from "./options.js";
import { type ObservedPass, PassEngine } from "./pass/engine.js";
import { arrayInside } from "./pass/nested.js";
import { isPlainInput, tokenBatch } from "./prompts.js";
import { anatomyPart, resolveAnatomy } from "./resolve-anatomy.js";
import { declaredAxes, isModule } from "./sites/module-node.js";
import { originalOf } from "./sites/originals.js";
import { outputPort, type Selector } from "./sites/selector.js";
import { type Site, siteName } from "./sites/site.js";
import type { Prompt, TokenBatch, Tokenizer } from "./tokens.js";
import type { Children } from "./views.js";

/** A prompt as it is fed, with the further arguments of the forward. */
interface Fed {
  readonly array: MxArray;
  readonly tokens: TokenBatch | undefined;
  readonly args: readonly unknown[];
}

/** The members of every interpretable model; `InterpretableModel<M>` adds the views of M's modules. */
export class InterpretableModelCore<M extends Module> {
  readonly module: M;
  readonly tokenizer: Tokenizer | undefined;
  readonly anatomy: Anatomy;
  readonly name: string;
  /** Interventions of this view, applied in every pass before those of the call. */
  readonly edits: readonly Interventions[] = [];
  private readonly forwardArguments: ForwardArguments;
  private readonly engine: PassEngine;

  /** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is no module */
  constructor(module: M, options: InterpretableOptions = {}) {
    if (!isModule(module)) {
      throw new InvalidArgumentError("module", module, "it must be an instance of nn.Module.");
    }
    this.module = originalOf(module);
    this.tokenizer = options.tokenizer;
    this.anatomy = resolveAnatomy(this.module, options.anatomy);
    this.name = options.name ?? module.constructor.name;
    this.forwardArguments = options.forwardArguments ?? ((_, given) => given);
    this.engine = new PassEngine(this.module);
    defineViews(this, this.engine.tree);
  }

  /**
   * The prompts as they would be fed: tokenized, checked, padded on the right.
   *
   * @throws InvalidPromptError (`INVALID_PROMPT`), TokenRangeError (`TOKEN_RANGE`)
   */
  tokens(input: Prompt): TokenBatch {
    return tokenBatch(input, {
      tokenizer: this.tokenizer,
      vocab: anatomyPart(this.anatomy, "vocab"),
      maxPositions: this.anatomy.maxPositions,
    });
  }

  /**
   * Every site that matches, in the order of the module tree; by default all modules inside the model.
   *
   * @throws UnknownSiteError (`UNKNOWN_SITE`)
   */
  sites(selector: Selector = "**"): SiteInfo[] {
    const { tree, resolver } = this.engine;
    tree.rescan(); // a listing also finds what was added under a new name
    if (selector === "**" && tree.nodes.length === 1) return []; // one module, and none inside
    return resolver.resolve(selector).map(({ node, port, name }) => ({
      site: name,
      kind: node.module.constructor.name,
      axes: port.kind === "output" ? declaredAxes(node.module) : undefined,
    }));
  }

  /**
   * The module's own forward, with this view's edits and nothing observed. Lazy.
   *
   * @returns for language models the logits, (batch, position, vocab)
   */
  forward(input: Prompt, ...args: unknown[]): MxArray {
    const fed = this.prepare(input, args);
    if (this.edits.length > 0) return firstArray(this.observe(fed, [], {}).result);
    return firstArray(this.module.forward(fed.array, ...fed.args));
  }

  /**
   * Runs the forward and opens its values for reading. Nothing is computed before it is asked for.
   *
   * @example
   * {
   *   await using trace = model.trace("The capital of France is");
   *   pattern = trace.layers[2].selfAttn.pattern.save(); // (batch, heads, query, key)
   * }
   * @throws UnknownSiteError (`UNKNOWN_SITE`), InterventionShapeError (`INTERVENTION_SHAPE`), SiteNotReachedError
   * (`SITE_NOT_REACHED`) for an intervention that never ran
   */
  trace(input: Prompt, options: PassOptions = {}): Trace<M> {
    const fed = this.prepare(input, options.args);
    const { tree } = this.engine;
    defineViews(this, tree); // the user may have added modules
    const observed = this.observe(fed, undefined, options);
    return openTrace<M>({ model: this, root: tree.root, tokens: fed.tokens, ...observed });
  }

  /**
   * One pass whose chosen activations are computed and kept; all else is released first.
   *
   * @example
   * const cache = await model.run(prompts, { save: ["layers.*", "output"] });
   * @throws UnknownSiteError (`UNKNOWN_SITE`), SiteNotReachedError (`SITE_NOT_REACHED`)
   */
  async run(input: Prompt, options: RunOptions = {}): Promise<ActivationCache> {
    const cache = this.collectLazily(input, options);
    await evaluate(cache.entries().map(([, value]) => value));
    return cache;
  }

  /**
   * A view of the same model with persistent interventions; this one stays as it is. A subclass's fields come along,
   * except `#private` ones.
   *
   * @throws UnknownSiteError (`UNKNOWN_SITE`)
   */
  edit(interventions: Interventions): this {
    this.engine.check(interventions); // unknown sites are told here, not at the first pass
    const view = Object.create(Object.getPrototypeOf(this), Object.getOwnPropertyDescriptors(this));
    Object.defineProperty(view, "edits", { value: [...this.edits, interventions] });
    return view;
  }

  /** @internal The pass of `run`, with nothing computed yet. */
  collectLazily(input: Prompt, options: RunOptions): ActivationCache {
    const { tree, resolver } = this.engine;
    const fed = this.prepare(input, options.args);
    const { save = siteName(tree.root, outputPort) } = options;
    const selectors = typeof save === "string" || save instanceof RegExp ? [save] : save;
    const wanted = selectors.flatMap((selector) => resolver.resolve(selector));
    const { reader } = this.observe(fed, wanted, options);
    const activations = new Map(reader.all(selectors));
    reader.release();
    const { tokens } = fed;
    const interventions = [...this.edits, options.interventions ?? {}].flatMap(Object.keys);
    const provenance = { model: this.name, tokens: tokens?.ids, interventions };
    return new ActivationCache(activations, { resolver, tokens, provenance });
  }

  /** What every pass begins with: a look at the modules as they now are, and the prompt. */
  private prepare(input: Prompt, given: readonly unknown[] = []): Fed {
    this.engine.tree.refresh();
    if (isPlainInput(input)) return { array: input, tokens: undefined, args: given };
    const tokens = this.tokens(input);
    return { array: tokens.array, tokens, args: this.forwardArguments(tokens, given) };
  }

  private observe(
    { array, tokens, args }: Fed,
    wanted: readonly Site[] | undefined,
    options: PassOptions,
  ): ObservedPass {
    const { interventions, offset = 0, step } = options;
    return this.engine.observe({
      args: [array, ...args],
      interventions: interventions ? [...this.edits, interventions] : this.edits,
      facts: { tokens, offset, step },
      wanted,
    });
  }
}

function firstArray(result: unknown): MxArray {
  const array = arrayInside(result);
  if (array) return array;
  throw new InvalidPromptError("The model's forward returned no array.", result);
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
