/** Methods as a client sees them: names, what each takes, and what comes back, read off the methods' own types. */
import type { typedMethods } from "@mlxterp/analysis/methods";
import type { typedDictionaryMethods } from "@mlxterp/dictionaries/methods";
import type { Block, InputKind, Method, OptionsSchema, Result } from "@mlxterp/results";
import type { z } from "zod";
import type { WireInput } from "../wire/inputs.js";

/** The methods that come along, one by one; a type only, nothing of them is loaded. */
export type BuiltInMethods =
  | (typeof typedMethods)[number]
  | (typeof typedDictionaryMethods)[number];

/** What JSON can hold of a type: functions and whatever has methods are left out. */
export type Jsonable<T> = T extends (...given: never[]) => unknown
  ? never
  : T extends string | number | boolean | null | undefined
    ? T
    : T extends readonly unknown[]
      ? { [K in keyof T]: Jsonable<T[K]> }
      : HasFunctions<T> extends true
        ? never
        : { [K in keyof T]: Jsonable<T[K]> };

type HasFunctions<T> = true extends {
  [K in keyof T]-?: T[K] extends (...given: never[]) => unknown ? true : false;
}[keyof T]
  ? true
  : false;

/** Interventions in their JSON form, by site; `InterventionsJson` of `@mlxterp/interventions` fits. */
export type WireInterventions = Readonly<Record<string, unknown>>;

type InputOf<M> = M extends { readonly input: infer I extends InputKind } ? I : never;
type OptionsOf<M> = M extends { readonly options: infer S extends OptionsSchema }
  ? Jsonable<z.input<S>>
  : never;

/** What a method is sent. */
export type MethodRequest<M> = {
  readonly options?: OptionsOf<M>;
  readonly interventions?: WireInterventions;
} & (undefined extends WireInput<InputOf<M>>
  ? { readonly input?: WireInput<InputOf<M>> }
  : { readonly input: WireInput<InputOf<M>> });

type ResultOf<M> = M extends {
  run(...given: never[]): Promise<infer R>;
}
  ? R extends readonly (infer One)[]
    ? One
    : R
  : Result;

/** One result of a method, and how it is looked at. */
export interface MethodAnswer<M = Method> {
  readonly result: ResultOf<M>;
  readonly blocks: readonly Block[];
}

/** The method of a name. */
export type MethodNamed<M, Name> = Extract<M, { readonly name: Name }>;
