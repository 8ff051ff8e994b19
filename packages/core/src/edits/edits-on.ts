/** Edits whose sites the compiler checks. */
import type { ChangesOn } from "../typed-sites/checked.js";
import type { ModelEdits } from "./edit.js";

/** The type of a parameter that takes edits of a model with modules M: a name that is no site does not compile. */
export type EditsOn<M, E extends ModelEdits> = ChangesOn<M, E, ModelEdits[string]>;
