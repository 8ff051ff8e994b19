/** Who has the device: one at a time, in turns between callers, with bounded waiting. */
import { BusyError } from "../errors/errors.js";
import { WaitingLine } from "./waiting-line.js";

export interface QueueBounds {
  readonly waiting: number;
  readonly waitingPerClient: number;
  /** How many works may have begun and not ended: each holds memory while it lets others have the device. */
  readonly begun: number;
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

/** What work that has the device can do with it. */
export interface Held {
  /** Whether somebody else waits who could have it now. */
  isWanted(): boolean;
  /**
   * Lets whoever is next have it, and comes back when it is this work's turn again.
   *
   * @throws the signal's reason
   */
  lend(): Promise<void>;
}

/** The queue of one device. */
export class FairQueue {
  private readonly line = new WaitingLine();
  private busy = false;
  private begun = 0;
  private closed = false;

  constructor(private readonly bounds: QueueBounds) {}

  /** How many wait. */
  get length(): number {
    return this.line.length;
  }

  /**
   * Does work when it is the caller's turn.
   *
   * @throws BusyError (`BUSY`) when too much waits already; the signal's reason
   */
  async run<T>(turn: Turn, work: (held: Held) => Promise<T>): Promise<T> {
    turn.signal.throwIfAborted();
    await this.enter(turn);
    const state = { has: true, ended: false };
    this.begun++;
    try {
      turn.signal.throwIfAborted();
      return await work(this.heldBy(turn, state));
    } finally {
      this.begun--;
      state.ended = true;
      if (state.has) this.leave();
    }
  }

  /** Refuses everybody who has not begun, and all who come. */
  close(): void {
    this.closed = true;
    this.line.refuse(() => new BusyError("This server is about to end."));
  }

  private heldBy(turn: Turn, state: { has: boolean; ended: boolean }): Held {
    return {
      isWanted: () => state.has && !state.ended && this.line.hasNext(this.hasRoom()),
      lend: async () => {
        if (!state.has || state.ended) return;
        state.has = false;
        const back = this.line.wait(turn, "begun");
        this.leave();
        await back;
        if (state.ended)
          this.leave(); // it failed elsewhere meanwhile
        else state.has = true;
      },
    };
  }

  private async enter(turn: Turn): Promise<void> {
    if (this.closed) throw new BusyError("This server is about to end.");
    if (!this.busy) {
      this.busy = true;
      return;
    }
    if (!turn.continues) this.requireRoom(turn);
    turn.onWaiting?.(this.line.length + 1);
    await this.line.wait(turn, turn.continues ? "continues" : "new");
  }

  private requireRoom({ client }: Turn): void {
    const { waiting, waitingPerClient } = this.bounds;
    const [all, own] = [this.line.countNew(), this.line.countNew(client)];
    if (all < waiting && own < waitingPerClient) return;
    const whose = own >= waitingPerClient ? "of yours " : "";
    throw new BusyError(
      `${whose === "" ? all : own} requests ${whose}wait for the device already; come again in a while.`,
    );
  }

  private hasRoom(): boolean {
    return this.begun < this.bounds.begun;
  }

  private leave(): void {
    this.busy = this.line.startNext(this.hasRoom());
  }
}
