/** A place in a model, and its name. */
import type { ModuleNode } from "../tree/module-node.js";
import type { OtherName } from "./described.js";
import type { Port } from "./selector.js";

/** A module's input or output. */
export interface Site {
  readonly node: ModuleNode;
  readonly port: Port;
  /** One call of the module, or undefined for all. */
  readonly call: number | undefined;
  /** The canonical name, without `#call`. */
  readonly name: string;
  /** Whether the user named exactly this site, rather than a pattern that happens to match it. */
  readonly exact: boolean;
  /** What other libraries call it, where the whole tree was looked at. */
  readonly otherNames?: () => readonly OtherName[];
}

/** The canonical name of a module's port: `layers.3`, `layers.3.input`, `lstm.output.1`; the root's are `output`, `input`. */
export function siteName(node: ModuleNode, port: Port): string {
  const suffix = portName(node, port);
  return [node.path, suffix].filter((part) => part !== "").join(".");
}

function portName({ path, slots }: ModuleNode, { kind, element }: Port): string {
  if (element !== undefined) return `${kind}.${element}`;
  if (kind === "output" && path !== "") return "";
  // A child of that name keeps it; the port is then reached by its first element.
  return slots.has(kind) ? `${kind}.0` : kind;
}

/** A name with the call it means, if it means one: `layers.3#1`. */
export function siteLabel(name: string, call: number | undefined): string {
  return call === undefined ? name : `${name}#${call}`;
}
