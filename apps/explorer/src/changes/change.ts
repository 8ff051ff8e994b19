/** What may be changed in a model or its prompt while one reads: plain data, one line of the history each. */

/** Which activation of a layer. */
export type Part = "before" | "after" | "attention" | "mlp" | "head" | "edge";

/** Where a change is made. */
export interface Place {
  readonly part: Part;
  readonly layer: number;
  /** Of heads and edges. */
  readonly head?: number;
  /** Absolute in the prompt; every position without one. Of an edge, the token that looks. */
  readonly position?: number;
  /** Of an edge, the token that is looked at. */
  readonly key?: number;
}

interface Shared {
  readonly id: string;
  /** A change that is off stays in the list and does nothing. */
  readonly on: boolean;
}

interface Placed extends Shared {
  readonly place: Place;
}

/** Sets an activation to zero. */
export interface Ablation extends Placed {
  readonly kind: "ablate";
}

/** Multiplies an activation. */
export interface Scaling extends Placed {
  readonly kind: "scale";
  readonly factor: number;
}

/** Adds the direction from what one text's last token holds to what another's does. */
export interface Steering extends Placed {
  readonly kind: "steer";
  readonly toward: string;
  /** Without a text the activation itself is the direction. */
  readonly from: string;
  readonly factor: number;
}

/** Puts what the same place held in another prompt there, or a mix of both. */
export interface Patch extends Placed {
  readonly kind: "patch";
  readonly source: string;
  /** 1 is all of it, 0 nothing. */
  readonly amount: number;
}

/** Exchanges one token of the prompt. */
export interface Swap extends Shared {
  readonly kind: "swap";
  readonly position: number;
  readonly was: string;
  readonly token: { readonly id: number; readonly text: string };
}

/** One change. */
export type Change = Ablation | Scaling | Steering | Patch | Swap;

/** A change that is made inside the model. */
export type PlacedChange = Exclude<Change, Swap>;

/** Whether a change is made inside the model, and not in the prompt. */
export function isPlaced(change: Change): change is PlacedChange {
  return change.kind !== "swap";
}

/** The number that a slider moves. */
export interface Dial {
  readonly label: string;
  readonly value: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly step: number;
}

/** The slider of a change; undefined where there is nothing to move. */
export function dialOf(change: Change): Dial | undefined {
  switch (change.kind) {
    case "scale":
      return { label: "times", value: change.factor, minimum: -1, maximum: 3, step: 0.05 };
    case "steer":
      return { label: "strength", value: change.factor, minimum: -8, maximum: 8, step: 0.1 };
    case "patch":
      return { label: "share", value: change.amount, minimum: 0, maximum: 1, step: 0.05 };
    default:
      return undefined;
  }
}

/** The same change with its slider moved. */
export function dialled(change: Change, value: number): Change {
  if (change.kind === "scale" || change.kind === "steer") return { ...change, factor: value };
  return change.kind === "patch" ? { ...change, amount: value } : change;
}
