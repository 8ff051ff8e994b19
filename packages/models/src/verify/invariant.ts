/** The form of an invariant: a statement, and the comparisons that test it. */
import type { Measure } from "./comparison.js";
import type { AnySubject } from "./subject.js";

/** Something that holds for every correct model. */
export interface Invariant<S extends AnySubject = AnySubject> {
  readonly name: string;
  /** What is compared, as a formula or a sentence. */
  readonly statement: string;
  /** Whether the two sides must agree bit for bit, rather than up to the rounding of float32. */
  readonly exact: boolean;
  /** What the method of comparison cannot be better than, where that is more than rounding. */
  readonly tolerance?: number;
  /** Why it says nothing about a model, if it does not. Default: it applies to all. */
  notApplicable?(subject: S): string | undefined;
  /** Builds the comparisons; computes nothing large. */
  measure(subject: S): Promise<Measure[]>;
}
