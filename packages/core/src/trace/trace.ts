/** An open trace: the forward has run, its values can be read and saved until it closes. */
import { collect, evaluate, evaluateNow, type Module } from "@mlxterp/mlx";
import { DisposedError } from "../errors.js";
import type { SiteReader } from "../pass/reader.js";
import { shown } from "../shown.js";
import type { TokenBatch } from "../tokens/tokens.js";
import type { ModuleNode } from "../tree/module-node.js";
import { closeOpen, type OpenEntry, pushOpen } from "./open-traces.js";
import { SiteAccess } from "./site-access.js";

/** What a trace is opened with. */
export interface TraceParts {
  readonly model: object;
  /** The root of the module tree as the pass found it. */
  readonly root: ModuleNode;
  readonly reader: SiteReader;
  readonly tokens: TokenBatch | undefined;
  readonly result: unknown;
}

/** The members of every trace; `Trace<M>` adds the views of the model's modules. */
export class TraceCore<M = Module> extends SiteAccess<M> implements Disposable, AsyncDisposable {
  #parts: TraceParts | undefined;
  readonly #entry: OpenEntry;
  /** The prompts as they were fed; undefined when the input was not tokens. */
  readonly tokens: TokenBatch | undefined;
  /** What is worth knowing about how this pass was observed. */
  readonly notes: readonly string[];

  constructor(parts: TraceParts) {
    super(parts.root, () => this.#open().reader);
    this.#parts = parts;
    this.#entry = pushOpen(parts.model, this);
    this.tokens = parts.tokens;
    this.notes = parts.reader.notes;
  }

  /** Whatever the forward returned, unchanged: useful when that is more than one array. */
  get result(): unknown {
    return this.#open().result;
  }

  /** Whether the trace has closed. */
  get disposed(): boolean {
    return this.#parts === undefined;
  }

  /** Closes now and computes what was saved. `await using` needs less memory: see `[Symbol.asyncDispose]`. */
  dispose(): void {
    if (!this.#close() || this.saved.size === 0) return;
    collect();
    evaluateNow([...this.saved.values()]);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Releases everything unsaved, waits one turn of the event loop, then computes what was saved. */
  async [Symbol.asyncDispose](): Promise<void> {
    const bytes = this.#parts?.reader.bytes;
    if (this.#close()) await evaluate([...this.saved.values()], bytes);
  }

  override toString(): string {
    return `[trace, ${this.disposed ? "closed" : "open"}, ${this.saved.size} saved]`;
  }

  [shown](): string {
    return this.toString();
  }

  /** @internal What `model.layers` and its like shall find while this trace is open. */
  presentAs(face: object): void {
    this.#entry.trace = face;
  }

  #close(): boolean {
    if (!this.#parts) return false;
    this.#parts.reader.release();
    this.#parts = undefined;
    closeOpen(this.#entry);
    return true;
  }

  #open(): TraceParts {
    if (!this.#parts) throw new DisposedError("trace");
    return this.#parts;
  }
}
