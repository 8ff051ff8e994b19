/** Who waits, by caller: the next caller's first is served, and who has more waits behind all others. */

/** Work that has begun goes before what is new of the same caller; what continues waits like new work, but nothing holds it back. */
type Standing = "new" | "continues" | "begun";

interface Waiting {
  readonly standing: Standing;
  start(): void;
  fail(reason: unknown): void;
}

interface Waiter {
  readonly client: string;
  readonly signal: AbortSignal;
}

export class WaitingLine {
  /** Callers in the order in which they are served next. */
  private readonly callers = new Map<string, Waiting[]>();

  get length(): number {
    return this.all().length;
  }

  /** Of new work: of one caller, or of all. */
  countNew(client?: string): number {
    const list = client === undefined ? this.all() : (this.callers.get(client) ?? []);
    return list.filter(({ standing }) => standing !== "begun").length;
  }

  /**
   * @returns when it is served
   * @throws the signal's reason, once it has left the line
   */
  wait({ client, signal }: Waiter, standing: Standing): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = () => signal.removeEventListener("abort", abort);
      const one: Waiting = {
        standing,
        start() {
          done();
          resolve();
        },
        fail(reason) {
          done();
          reject(reason);
        },
      };
      const abort = () => {
        this.remove(client, one);
        reject(signal.reason);
      };
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      this.add(client, one);
    });
  }

  /** Whether somebody can be served. */
  hasNext(room: boolean): boolean {
    return this.next(room) !== undefined;
  }

  /**
   * Serves whoever is next.
   *
   * @param room whether new work may begin
   * @returns whether there was somebody
   */
  startNext(room: boolean): boolean {
    const next = this.next(room);
    if (!next) return false;
    const [client, one] = next;
    this.remove(client, one);
    const rest = this.callers.get(client);
    this.callers.delete(client);
    if (rest) this.callers.set(client, rest);
    one.start();
    return true;
  }

  /** Fails all but what has begun. */
  refuse(reason: () => unknown): void {
    for (const [client, list] of [...this.callers]) {
      for (const one of list.filter(({ standing }) => standing !== "begun")) {
        this.remove(client, one);
        one.fail(reason());
      }
    }
  }

  private all(): Waiting[] {
    return [...this.callers.values()].flat();
  }

  private next(room: boolean): [client: string, one: Waiting] | undefined {
    for (const [client, list] of this.callers) {
      const one = list.find(({ standing }) => room || standing !== "new");
      if (one) return [client, one];
    }
    return undefined;
  }

  private add(client: string, one: Waiting): void {
    const list = this.callers.get(client) ?? [];
    const behind = list.findIndex(({ standing }) => standing !== "begun");
    if (one.standing === "begun") {
      list.splice(behind < 0 ? list.length : behind, 0, one);
      this.callers.delete(client); // it had its turn
    } else list.push(one);
    this.callers.set(client, list);
  }

  private remove(client: string, one: Waiting): void {
    const list = this.callers.get(client);
    const at = list?.indexOf(one) ?? -1;
    if (!list || at < 0) return;
    list.splice(at, 1);
    if (list.length === 0) this.callers.delete(client);
  }
}
