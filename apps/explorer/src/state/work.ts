/** Work that takes time: one thing at a time, with progress, a way to cancel, and what went wrong. */
import { signal } from "@preact/signals";
import type { ProgressEvent } from "../api/api.js";

/** What goes on. */
export interface Going {
  readonly what: string;
  readonly progress?: ProgressEvent;
  /** Whether it only follows what is typed. */
  readonly isQuiet: boolean;
  cancel(): void;
}

/** How work is followed from inside. */
export interface WorkControl {
  readonly signal: AbortSignal;
  onProgress(progress: ProgressEvent): void;
}

/** Does one thing at a time: the next ends the one before. */
export class Work {
  readonly going = signal<Going | undefined>(undefined);
  readonly problem = signal<string | undefined>(undefined);

  /** Does something; whatever it throws is told as the problem, unless it was cancelled. */
  async do(what: string, work: (control: WorkControl) => Promise<void>, isQuiet = false) {
    this.going.value?.cancel();
    const controller = new AbortController();
    const cancel = () => controller.abort(new DOMException("cancelled", "AbortError"));
    const tell = (progress?: ProgressEvent) => {
      if (!controller.signal.aborted) this.going.value = { what, progress, isQuiet, cancel };
    };
    tell();
    try {
      await work({ signal: controller.signal, onProgress: tell });
      this.problem.value = undefined;
    } catch (error) {
      if (!controller.signal.aborted) this.problem.value = (error as Error).message;
    } finally {
      if (this.going.value?.cancel === cancel) this.going.value = undefined;
    }
  }
}
