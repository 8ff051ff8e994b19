/** How many arrays JavaScript holds: on the CPU MLX counts no bytes, and what is held is what is not freed. */
import { setImmediate as turn } from "node:timers/promises";
import { getHeapStatistics } from "node:v8";

/** The arrays that are still held after a full collection; finalizers run on the turns after it. */
export async function heldArrays(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.();
    await turn();
  }
  const statistics = getHeapStatistics() as { used_global_handles_size?: number };
  return (statistics.used_global_handles_size ?? 0) / 64; // an old handle takes so many bytes
}
