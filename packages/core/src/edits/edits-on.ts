/** Edits whose sites the compiler checks. */
import type { KnownSite } from "../typed-sites/checked.js";
import type { AxesAt } from "../typed-sites/resolve.js";
import type { ModelEdits } from "./edit.js";

/** The type of a parameter that takes edits of a model with modules M: a name that is no site does not compile. */
export type EditsOn<M, E extends ModelEdits> = E & {
  readonly [K in keyof E]: [AxesAt<M, K & string>] extends [never] ? UnknownSite<K> : unknown;
} & { readonly [K in KnownSite<M>]?: ModelEdits[string] };

/** What the compiler shows for a name that is no site: no value is of this type. */
interface UnknownSite<S> {
  readonly unknownSite: S;
  readonly never: never;
}
