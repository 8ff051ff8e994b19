/** The types of site views: a model's module tree, mirrored, with a value at every node. */
import type { Module, MxArray } from "@mlxterp/mlx";
import type { Axes } from "../axes.js";
import type { Activation, InputAxes, OutputAxes } from "./activation.js";

/** A value in an open trace. */
export interface SiteValue<A extends Axes = Axes> {
  /** The canonical name. */
  readonly site: string;
  /** The value, lazy; released when the trace closes unless saved. */
  readonly value: Activation<A>;
  readonly shape: Activation<A>["shape"];
  /** Keeps the value: it is computed when the trace closes, and usable from then on. */
  save(): Activation<A>;
}

/** A module in an open trace: its output (as the node itself, or `.output`), its input, its children. */
export type ModuleView<M> = SiteValue<OutputAxes<M>> & {
  readonly output: SiteValue<OutputAxes<M>>;
  readonly input: SiteValue<InputAxes<M>>;
  /** One call of a module that is called several times in a pass, counted from 0. */
  call(index: number): SiteValue<OutputAxes<M>>;
} & Children<M>;

/** A list of modules; negative indices count from the end. */
export interface ListView<T> extends Iterable<View<T>> {
  readonly [index: number]: View<T>;
  readonly length: number;
}

/** An object with any number of modules under names that its type does not list. */
export interface DictionaryView<T> {
  readonly [name: string]: View<T>;
}

export type View<T> = T extends Module
  ? ModuleView<T>
  : T extends readonly (infer Item)[]
    ? ListView<Item>
    : string extends keyof T
      ? DictionaryView<T[keyof T]>
      : Children<T>;

/** Views of the members of M that are, or hold, modules; a misspelt name is a compile error. */
export type Children<M> = {
  readonly [K in keyof M as ChildKey<M, K>]-?: View<NonNullable<M[K]>>;
};

/** The names of the members of M that are, or hold, modules. */
export type ModuleKey<M> = keyof Children<M> & string;

// An index signature says nothing about which names exist, so it gives no children.
type ChildKey<M, K extends keyof M> = string extends K
  ? never
  : number extends K
    ? never
    : K extends string
      ? true extends HoldsModule<NonNullable<M[K]>>
        ? K
        : never
      : never;

type HoldsModule<T> = T extends Module
  ? true
  : T extends MxArray | ((...inputs: never[]) => unknown)
    ? false
    : T extends readonly (infer Item)[]
      ? HoldsModule<Item>
      : T extends Readonly<Record<string, infer Item>>
        ? HoldsModule<Item>
        : false;
