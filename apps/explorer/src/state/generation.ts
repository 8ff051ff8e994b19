/** Text that grows token by token: as the model is, and beside it with the changes. */
import { batch, signal } from "@preact/signals";
import type { Api, TokenStep } from "../api/api.js";
import { type Desk, inputOf } from "./document.js";
import type { Reader } from "./reader.js";

/** What a continuation is asked. */
export interface Sampling {
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topP: number;
  readonly seed: number;
}

/** What of it has an effect. */
export function samplingOptions({ maxTokens, temperature, topP, seed }: Sampling) {
  return temperature > 0 ? { maxTokens, temperature, topP, seed } : { maxTokens };
}

/** One text as far as it has come. */
export interface Stream {
  readonly steps: readonly TokenStep[];
  readonly state: "going" | "done" | "stopped" | "failed";
  readonly problem?: string;
}

type Side = "plain" | "changed";

/** Both texts. */
export class Generation {
  readonly sampling = signal<Sampling>({ maxTokens: 40, temperature: 0, topP: 1, seed: 0 });
  readonly plain = signal<Stream | undefined>(undefined);
  readonly changed = signal<Stream | undefined>(undefined);
  private readonly going = new Map<Side, AbortController>();

  constructor(
    private readonly api: Api,
    private readonly reader: Reader,
  ) {}

  /** Whether any text grows. */
  get isGoing(): boolean {
    return this.plain.value?.state === "going" || this.changed.value?.state === "going";
  }

  /** Begins both texts, or only the changed one where the plain one stays the same. */
  async start(desk: Desk, sides: readonly Side[] = ["plain", "changed"]): Promise<void> {
    const isChanged = desk.changes.some((one) => one.on);
    if (!isChanged && sides.includes("changed")) this.drop("changed");
    const wanted = sides.filter((side) => side === "plain" || isChanged);
    await Promise.all(wanted.map((side) => this.run(side, desk)));
  }

  /** Stops both texts where they are. */
  cancel(): void {
    for (const one of this.going.values()) one.abort();
  }

  /** Forgets both texts. */
  clear(): void {
    batch(() => {
      this.drop("plain");
      this.drop("changed");
    });
  }

  private drop(side: Side): void {
    this.going.get(side)?.abort();
    this.going.delete(side);
    this[side].value = undefined;
  }

  private async run(side: Side, desk: Desk): Promise<void> {
    this.going.get(side)?.abort();
    const controller = new AbortController();
    this.going.set(side, controller);
    const isCurrent = () => this.going.get(side) === controller;
    const steps: TokenStep[] = [];
    const tell = (state: Stream["state"], problem?: string) => {
      if (isCurrent()) this[side].value = { steps: [...steps], state, problem };
    };
    tell("going");
    try {
      for await (const step of this.steps(side, desk, controller.signal)) {
        steps.push(step);
        tell("going");
      }
      tell("done");
    } catch (error) {
      if (controller.signal.aborted) tell("stopped");
      else tell("failed", (error as Error).message);
    }
  }

  private async *steps(side: Side, desk: Desk, signal: AbortSignal): AsyncGenerator<TokenStep> {
    const fed =
      side === "plain" ? { input: inputOf(desk.prompt) } : await this.reader.changed(desk);
    signal.throwIfAborted();
    const { maxTokens, ...options } = samplingOptions(this.sampling.value);
    yield* this.api.generate({ model: desk.model, ...fed, maxTokens, options }, { signal });
  }
}
