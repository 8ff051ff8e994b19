/** What a run was asked, as the history keeps it; what it found is kept beside. */
import type { MethodInput } from "../api/api.js";
import type { FormValues } from "../form/values.js";

/** One run of a method. */
export interface Run {
  readonly method: string;
  readonly title: string;
  readonly input: MethodInput;
  readonly options: Readonly<Record<string, unknown>>;
  /** What stood in the form. */
  readonly values: FormValues;
  readonly milliseconds: number;
}
