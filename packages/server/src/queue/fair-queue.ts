/** Who has the device: one at a time, in turns between callers, with bounded waiting. */
import { BusyError } from "../errors/errors.js";

interface Waiting {
  start(): void;
  fail(reason: unknown): void;
}

export interface QueueBounds {
  readonly waiting: number;
  readonly waitingPerClient: number;
}

export interface Turn {
  /** Who asks; callers take turns, whatever each of them has waiting. */
  readonly client: string;
  /** Leaves the queue. */
  readonly signal: AbortSignal;
  /** Goes on with work that was let in before, so that no bound refuses it. */
  readonly continues?: boolean;
  /** How many requests are before this one, when it has to wait. */
  readonly onWaiting?: (before: number) => void;
}

/** The queue of one device. */
export class FairQueue {
  /** Callers in the order in which they are served next. */
  private readonly callers = new Map<string, Waiting[]>();
  private count = 0;
  private busy = false;
  private closed = false;

  constructor(private readonly bounds: QueueBounds) {}

  /** How many wait. */
  get length(): number {
    return this.count;
  }

  /**
   * Does work when it is the caller's turn.
   *
   * @throws BusyError (`BUSY`) when too much waits already; the signal's reason
   */
  async run<T>(turn: Turn, work: () => Promise<T>): Promise<T> {
    turn.signal.throwIfAborted();
    await this.enter(turn);
    try {
      turn.signal.throwIfAborted();
      return await work();
    } finally {
      this.leave();
    }
  }

  /** Refuses everybody who waits, and all who come. */
  close(): void {
    this.closed = true;
    const all = [...this.callers.values()].flat();
    this.callers.clear();
    this.count = 0;
    for (const one of all) one.fail(new BusyError("This server is about to end."));
  }

  private enter(turn: Turn): Promise<void> {
    if (this.closed) throw new BusyError("This server is about to end.");
    if (!this.busy) {
      this.busy = true;
      return Promise.resolve();
    }
    this.requireRoom(turn);
    turn.onWaiting?.(this.count + 1);
    return new Promise((resolve, reject) => this.wait(turn, resolve, reject));
  }

  private requireRoom({ client, continues }: Turn): void {
    if (continues) return;
    const { waiting, waitingPerClient } = this.bounds;
    const own = this.callers.get(client)?.length ?? 0;
    if (this.count >= waiting || own >= waitingPerClient) {
      const whose = own >= waitingPerClient ? "of yours " : "";
      const many = whose === "" ? this.count : own;
      throw new BusyError(
        `${many} requests ${whose}wait for the device already; come again in a while.`,
      );
    }
  }

  private wait({ client, signal }: Turn, resolve: () => void, reject: (why: unknown) => void) {
    const abort = () => {
      this.remove(client, one);
      reject(signal.reason);
    };
    const one: Waiting = {
      start() {
        signal.removeEventListener("abort", abort);
        resolve();
      },
      fail(reason) {
        signal.removeEventListener("abort", abort);
        reject(reason);
      },
    };
    signal.addEventListener("abort", abort, { once: true });
    const list = this.callers.get(client);
    if (list) list.push(one);
    else this.callers.set(client, [one]);
    this.count++;
  }

  private remove(client: string, one: Waiting): void {
    const list = this.callers.get(client);
    const at = list?.indexOf(one) ?? -1;
    if (!list || at < 0) return;
    list.splice(at, 1);
    this.count--;
    if (list.length === 0) this.callers.delete(client);
  }

  /** The next caller's first; who has more waits behind all others. */
  private leave(): void {
    const [next] = this.callers;
    if (!next) {
      this.busy = false;
      return;
    }
    const [client, list] = next;
    const one = list.shift();
    this.callers.delete(client);
    if (list.length > 0) this.callers.set(client, list);
    this.count--;
    one?.start();
  }
}
