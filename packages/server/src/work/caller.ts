/** Who asks, and how the work for them is followed. */
import type { MethodProgress } from "@mlxterp/results";

export interface Caller {
  /** Callers take turns on the device. */
  readonly client: string;
  /** Fires when the caller goes away. */
  readonly signal: AbortSignal;
  /** Whether a model may be loaded for them that a request names beside its own. Default: true. */
  readonly mayLoad?: boolean;
  readonly onProgress?: (progress: MethodProgress) => void;
}
