/** What work is done with: the methods, the models, the queue of the device, and the limits. */
import { betweenComputations } from "@mlxterp/mlx";
import type { Method } from "@mlxterp/results";
import { NotFoundError } from "../errors/errors.js";
import { startDeadline } from "../limits/deadline.js";
import type { ServerLimits } from "../limits/limits.js";
import type { ModelStore } from "../models/model-store.js";
import type { FairQueue } from "../queue/fair-queue.js";
import type { TensorStore } from "../tensors/tensor-store.js";
import type { Caller } from "./caller.js";
import { pacing } from "./pacing.js";

export interface Workplace {
  readonly methods: readonly Method[];
  readonly models: ModelStore;
  readonly queue: FairQueue;
  readonly tensors: TensorStore;
  readonly limits: ServerLimits;
}

/** @throws NotFoundError (`NOT_FOUND`) */
export function methodNamed({ methods }: Workplace, name: string): Method {
  const found = methods.find((method) => method.name === name);
  if (found) return found;
  throw new NotFoundError("method", name, methods.map((method) => method.name)); // biome-ignore format: one line
}

/** What work of one turn is steered by. */
export interface TurnControl {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: { done: number; total: number; stage: string }) => void;
}

/**
 * Does work on the device when it is the caller's turn, for as long as one request may have it.
 *
 * @throws BusyError (`BUSY`), TimeLimitError (`TIME_LIMIT`), the caller's reason when they go away
 */
export function onDevice<T>(
  { queue, limits }: Workplace,
  { client, signal, onProgress }: Caller,
  work: (control: TurnControl) => Promise<T>,
): Promise<T> {
  const onWaiting = (before: number) => onProgress?.({ stage: "waiting", done: 0, total: before });
  return queue.run({ client, signal, onWaiting }, async (held) => {
    using deadline = startDeadline(limits.seconds, signal);
    const control: TurnControl = {
      signal: deadline.signal,
      onProgress(progress) {
        deadline.check();
        onProgress?.(progress);
      },
    };
    return await betweenComputations(pacing(held, deadline), () => work(control));
  });
}
