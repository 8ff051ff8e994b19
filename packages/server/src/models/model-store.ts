/** The models of a server: the one that ships, those it was given, and those that are loaded on request. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { type LanguageModel, type LoadOptions, loadModel } from "@mlxterp/models";
import type { MethodProgress } from "@mlxterp/results";
import { ModelLimitError, NotFoundError } from "../errors/errors.js";
import type { ModelSummary } from "../wire/answers.js";
import type { WireLoadOptions } from "../wire/requests.js";
import { confinedPath } from "./confined-path.js";
import { summaryOf } from "./model-summary.js";

const shipped = "tiny";
/** What options that name files take besides paths: what comes along, and nothing at all. */
const words: ReadonlySet<string> = new Set([shipped, "none"]);
const hubId = /^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/;

export interface StoreSettings {
  readonly models: readonly LanguageModel[];
  /** Folders whose models may be loaded. */
  readonly roots: readonly string[];
  /** Whether hub models may be downloaded. */
  readonly downloads: boolean;
  /** How many may be in memory. */
  readonly most: number;
}

export interface Loading {
  /** Default: true. */
  readonly mayLoad?: boolean;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: MethodProgress) => void;
}

interface Held {
  readonly model: LanguageModel;
  readonly summary: ModelSummary;
}

export class ModelStore {
  private readonly held = new Map<string, Held>();
  /** Loads come one after the other, beside the work of the device. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly settings: StoreSettings) {
    for (const model of settings.models) this.keep(model, model.name, idOf(model.name, {}));
  }

  /** All that can be named in a request. */
  async list(): Promise<ModelSummary[]> {
    await this.open(shipped);
    const all = [...this.held.values()].map(({ summary }) => summary);
    return all.sort((a, b) => Number(b.id === shipped) - Number(a.id === shipped));
  }

  /** @throws NotFoundError (`NOT_FOUND`) for an id that no model has */
  async open(id: string): Promise<LanguageModel> {
    const known = this.held.get(id);
    if (known) return known.model;
    if (id !== shipped) throw new NotFoundError("model", id, [shipped, ...this.held.keys()]);
    return (await this.load(shipped, {}, { signal: new AbortController().signal })).model;
  }

  /**
   * Loads a model, or finds it where it was loaded before.
   *
   * @throws ForbiddenPathError (`FORBIDDEN_PATH`), ModelLimitError (`MODEL_LIMIT`), and what `loadModel` throws
   */
  load(source: string, options: WireLoadOptions, loading: Loading): Promise<Held> {
    const turn = this.last.then(() => this.loadNow(source, options, loading));
    this.last = turn.catch(() => undefined); // who asked is told
    return turn;
  }

  /** @throws NotFoundError (`NOT_FOUND`) */
  forget(id: string): void {
    if (!this.held.delete(id)) throw new NotFoundError("model", id, [...this.held.keys()]);
  }

  /**
   * What a name from outside may be opened as: the name itself where it is of the hub, the real path below a root.
   *
   * @throws ForbiddenPathError (`FORBIDDEN_PATH`)
   */
  allowed(source: string): string {
    if (source === shipped) return source;
    if (hubId.test(source) && !existsSync(source)) return source;
    return confinedPath(source, this.settings.roots);
  }

  /** A second model of a request: one that is here by its id, or loaded. */
  async other(name: string, loading: Loading): Promise<LanguageModel> {
    const known = this.held.get(name);
    if (known || name === shipped || loading.mayLoad === false) return this.open(name);
    return (await this.load(name, {}, loading)).model;
  }

  /** The same for what is only ever read from the disk. */
  allowedFile(path: string): string {
    return words.has(path) ? path : confinedPath(path, this.settings.roots);
  }

  private async loadNow(source: string, options: WireLoadOptions, loading: Loading): Promise<Held> {
    const { signal, onProgress } = loading;
    signal.throwIfAborted();
    const id = idOf(source, options);
    const known = this.held.get(id);
    if (known) return known;
    const name = this.allowed(source);
    if (this.held.size >= this.settings.most) throw new ModelLimitError(this.settings.most);
    const model = await loadModel(name, {
      ...this.loadOptions(options),
      signal,
      onProgress: ({ file, loaded, total }) => onProgress?.({ stage: file, done: loaded, total }),
    });
    return this.keep(model, source, id);
  }

  private loadOptions({ adapter, ...options }: WireLoadOptions): LoadOptions {
    const located =
      typeof adapter === "string"
        ? this.allowed(adapter)
        : adapter?.map((one) => ({ ...one, source: this.allowed(one.source) }));
    return {
      ...options,
      ...(located !== undefined && { adapter: located }),
      ...(!this.settings.downloads && { offline: true }),
    };
  }

  private keep(model: LanguageModel, source: string, id: string): Held {
    const held = { model, summary: summaryOf(model, id, source) };
    this.held.set(id, held);
    return held;
  }
}

/** What can stand in an address: the source, and what makes it another model than the source alone. */
function idOf(source: string, options: WireLoadOptions): string {
  const name = source
    .replaceAll("/", "--")
    .replace(/[^\w.-]+/g, "-")
    .slice(-80);
  const asked = Object.keys(options).length > 0 || name !== source.replaceAll("/", "--");
  return asked ? `${name}-${hashOf(JSON.stringify([source, options]))}` : name;
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}
