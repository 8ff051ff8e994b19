/** Follows a site's name through the types of a module tree, as the resolver does through its modules. */
import type { Module } from "@mlxterp/mlx";
import type { Axes } from "../axes.js";
import type { Activation, InputAxes, OutputAxes } from "./activation.js";
import type { FromHook } from "./hooks.js";
import type { CamelCase } from "./spelling.js";
import type { ModuleKey, SiteValue } from "./views.js";

/** The type of the activation at the site that S names. */
export type ActivationAt<M, S extends string> = [AxesAt<M, S>] extends [infer A extends Axes]
  ? Activation<A>
  : never;

/** The value of the site that S names, in an open trace. */
export type SiteValueAt<M, S extends string> = [AxesAt<M, S>] extends [infer A extends Axes]
  ? SiteValue<A>
  : never;

/** The axes of the site that S names below M; never where there is no such site. */
export type AxesAt<M, S extends string> = string extends S
  ? Axes
  : Module extends M
    ? Axes
    : S extends `${infer Path}#${number}`
      ? AnyName<M, Path>
      : AnyName<M, S>;

type AnyName<M, S extends string> = [FromHook<M, S>] extends [never]
  ? S extends `model.${infer Rest}`
    ? Follow<M, Rest> | Follow<M, S>
    : Follow<M, S>
  : Follow<M, FromHook<M, S>>;

/** Takes the first segment off a path; the dots inside braces belong to their segment. */
type Follow<T, S extends string> = S extends `{${infer Choice}}.${infer Rest}`
  ? Next<T, `{${Choice}}`, Rest>
  : S extends `${infer Head}.${infer Rest}`
    ? Next<T, Head, Rest>
    : Last<T, S>;

/** Braces within a segment, `a{b,c}`, and beginnings only known at run time are left to the run time. */
type Next<T, Head extends string, Rest extends string> = string extends Head
  ? Axes
  : Head extends "**"
    ? Follow<Inside<T>, Rest>
    : Head extends `${infer Before}{${string}`
      ? [Before, Head] extends ["", `{${string}}`]
        ? Follow<Step<T, Head>, Rest>
        : Axes
      : PortElement<T, Head, Rest> | InSplice<T, Head> | Follow<Step<T, Head>, Rest>;

/** What `splice` adds at any module; the names below are left to the run time. */
type InSplice<T, Head extends string> = T extends Module
  ? Head extends "original" | "inserted" | "error"
    ? Axes
    : never
  : never;

/** `.input.1`: one array of several. */
type PortElement<T, Port extends string, Rest extends string> = T extends Module
  ? Rest extends `${number}`
    ? PortAxes<T, Port>
    : never
  : never;

type Last<T, S extends string> = T extends Module
  ? S extends "input" | "output"
    ? PortAxes<T, S>
    : ValueOf<Step<T, S>> | InSplice<T, S>
  : ValueOf<Step<T, S>>;

type PortAxes<T, Port extends string> = Port extends "input"
  ? InputAxes<T>
  : Port extends "output"
    ? OutputAxes<T>
    : never;

/** Only modules have a value. */
type ValueOf<T> = T extends Module ? OutputAxes<T> : never;

/** What one segment leads to from T. */
export type Step<T, Head extends string> = Head extends "**"
  ? Inside<T>
  : Head extends `{${infer Choice}}`
    ? Step<T, Member<Choice>>
    : T extends readonly (infer Item)[]
      ? Head extends "*" | `${number}` | `${number}..${number}`
        ? NonNullable<Item>
        : never
      : T extends object
        ? Named<T, Head>
        : never;

/** One name out of `a,b,c`. */
type Member<Choice extends string> = Choice extends `${infer First},${infer Rest}`
  ? Trimmed<First> | Member<Rest>
  : Trimmed<Choice>;

type Trimmed<S extends string> = S extends ` ${infer Rest}`
  ? Trimmed<Rest>
  : S extends `${infer Rest} `
    ? Trimmed<Rest>
    : S;

/** The members that a name or a pattern means; a name in snake_case is read in camelCase. */
type Named<T, Head extends string> = Head extends `${infer Before}*${infer After}`
  ? Child<T, Extract<ModuleKey<T>, `${Before}${string}${After}`>>
  : Head extends ModuleKey<T>
    ? Child<T, Head>
    : string extends keyof T
      ? NonNullable<T[keyof T]>
      : Child<T, Extract<ModuleKey<T>, CamelCase<Head>>>;

type Child<T, Key> = Key extends keyof T ? NonNullable<T[Key]> : never;

/** T itself and whatever stands below it, to a depth that models do not reach. */
type Inside<T, Depth extends 0[] = []> = Depth["length"] extends 8
  ? never
  : T extends readonly (infer Item)[]
    ? T | Inside<NonNullable<Item>, [...Depth, 0]>
    : T extends object
      ? T | Inside<Child<T, ModuleKey<T>>, [...Depth, 0]>
      : never;
