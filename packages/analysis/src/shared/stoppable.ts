/** Work that stops when it is told to, wherever it is. */
import { betweenComputations, evaluate } from "@mlxterp/mlx";

/**
 * Stops work before its next computation once the signal has fired, however deep the loop that it is in.
 *
 * @throws the signal's reason
 */
export function stoppable<T>(signal: AbortSignal | undefined, work: () => T): T {
  return signal ? betweenComputations(() => signal.throwIfAborted(), work) : work();
}

/**
 * Gives the event loop a turn in the middle of a long preparation that computes nothing on the device.
 *
 * @throws the signal's reason
 */
export async function takeTurn(signal: AbortSignal | undefined): Promise<void> {
  await evaluate([]);
  signal?.throwIfAborted();
}
