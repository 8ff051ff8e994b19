/** What runs found: which of it is shown, and what is kept of it for the next sitting. */
import { type Signal, signal } from "@preact/signals";
import type { Answered } from "../api/api.js";
import type { Keep } from "../timeline/keep.js";
import type { History } from "./desks.js";

const keyOf = (id: string) => `result ${id}`;

/** Results by the ids of their lines in the history. */
export class KeptResults {
  readonly results = signal<Readonly<Record<string, readonly Answered[]>>>({});
  /** Ids of the lines whose results are shown: one, or two to compare. */
  readonly shown = signal<readonly string[]>([]);

  constructor(
    private readonly keep: Keep,
    private readonly problem: Signal<string | undefined>,
  ) {}

  /** Takes what a run found. */
  hold(id: string, answered: readonly Answered[]): void {
    this.results.value = { ...this.results.value, [id]: answered };
    this.shown.value = [id];
    void this.keep.set(keyOf(id), answered);
  }

  /** Reads what was kept of a line, or says that it is gone. */
  async recall(id: string): Promise<void> {
    if (this.results.value[id]) return;
    const kept = await this.keep.get<readonly Answered[]>(keyOf(id));
    if (kept) this.results.value = { ...this.results.value, [id]: kept };
    else this.problem.value = "What this run found is no longer kept. Run it again.";
  }

  /** Shows a run beside the one that is shown. */
  async compare(id: string): Promise<void> {
    await this.recall(id);
    const [first] = this.shown.value;
    this.shown.value = first === undefined || first === id ? [id] : [first, id];
  }

  clear(): void {
    this.shown.value = [];
    this.results.value = {};
  }

  /** Deletes what no line of the history needs any more. */
  async forget({ lines }: History): Promise<void> {
    const needed = new Set(lines.map(({ id }) => keyOf(id)));
    const stale = (await this.keep.keys()).filter(
      (key) => key.startsWith(keyOf("")) && !needed.has(key),
    );
    await Promise.all(stale.map((key) => this.keep.delete(key)));
  }
}
