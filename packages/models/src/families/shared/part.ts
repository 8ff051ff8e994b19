/** Parts of a decoder's description: what they are, or the fields of config.json that say so. */
import { z } from "zod";
import type { PlainActivationName } from "../../decoder/config/config.js";
import { activation, size, withDefault } from "./config-json.js";
import type { RopeFields } from "./rope-json.js";

/** What every decoder's config.json says, under Llama's names. */
export interface CommonConfig extends RopeFields {
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly intermediate_size?: number | null;
  readonly max_position_embeddings?: number;
}

/**
 * Something that fields decide. Nobody else has to name them: what no part reads is refused. Types of fields are made when
 * a file is read, since those of all families would take a tenth of a second from every program that begins.
 */
export class Part<T> {
  constructor(
    readonly shape: () => z.ZodRawShape,
    readonly read: (config: CommonConfig, layer: number) => T,
  ) {}
}

/** The fields of several, as far as they are decided by fields. */
export const shapeOf = (given: readonly Given<unknown>[]): z.ZodRawShape =>
  Object.assign({}, ...given.map((each) => (each instanceof Part ? each.shape() : {})));

/** What is the same in every model of a family, or what fields decide. */
export type Given<T> = T | Part<T>;

/**
 * @param shape the fields and their types, with the values that they have where the file does not say
 * @param read what they mean, in one layer; 0 for what layers have in common
 */
export function part<S extends z.ZodRawShape, T>(
  shape: () => S,
  read: (config: CommonConfig & z.output<z.ZodObject<S>>, layer: number) => T,
): Part<T> {
  // The file is parsed with the shapes of all parts.
  return new Part(shape, read as (config: CommonConfig, layer: number) => T);
}

/** What is read of something given. */
export const readGiven = <T>(given: Given<T>, config: CommonConfig, layer: number): T =>
  given instanceof Part ? given.read(config, layer) : given;

/** One of two, and nothing where a second is not named; fields of both are known, whichever counts. */
export function when<A, B = undefined>(
  condition: Part<unknown>,
  yes: Given<A>,
  no?: Given<B>,
): Part<A | B> {
  return new Part(
    () => shapeOf([condition, yes, no]),
    (config, layer) =>
      condition.read(config, layer)
        ? readGiven<A>(yes, config, layer)
        : readGiven<B>(no as Given<B>, config, layer),
  );
}

/** Several under their names; those that are undefined are left out. */
export function together<T extends object>(
  parts: { readonly [K in keyof T]: Given<T[K]> },
): Part<T> {
  const entries = Object.entries<Given<unknown>>(parts);
  return new Part(
    () => shapeOf(Object.values(parts)),
    (config, layer) => {
      const read = entries.map(([name, given]) => [name, readGiven(given, config, layer)] as const);
      return Object.fromEntries(read.filter(([, value]) => value !== undefined)) as T;
    },
  );
}

/** The value of one field. */
export function field<T extends z.ZodType>(name: string, type: () => T): Part<z.output<T>> {
  return new Part(
    () => ({ [name]: type() }),
    (config) => Reflect.get(config, name) as z.output<T>,
  );
}

/** The same in every model, without a field. */
export const computed = <T>(read: (config: CommonConfig, layer: number) => T) =>
  new Part(() => ({}), read);

/** A size, such as `head_dim`. */
export const count = (name: string, value: number) => field(name, () => withDefault(size, value));

/** A switch. */
export const flag = (name: string, value: boolean) =>
  field(name, () => withDefault(z.boolean(), value));

const positive = z.number().positive();

/** A number that something is multiplied or bounded by. */
export const factor = (name: string, value: number) =>
  field(name, () => withDefault(positive, value));

/** A number that something is divided by. */
export const divisor = (name: string, value: number) =>
  part(
    () => ({ [name]: withDefault(positive, value) }),
    (config) => 1 / Number(Reflect.get(config, name)),
  );

/** A bound that `null` takes away. */
export const bound = (name: string, value: number) =>
  part(
    () => ({ [name]: positive.nullable().default(value) }),
    (config) => boundOf(config, name),
  );

/** A bound that is not there unless the file says so. */
export const optionalBound = (name: string) =>
  part(
    () => ({ [name]: positive.nullish() }),
    (config) => boundOf(config, name),
  );

const boundOf = (config: object, name: string) =>
  (Reflect.get(config, name) as number | null) ?? undefined;

/** A nonlinearity by Hugging Face's name for it. */
export const nonlinearity = (name: string, value: PlainActivationName) =>
  field(name, () => activation.default(value));

/** SiLU, where mixers have it too and no other is computed. */
export const onlySilu = part(
  () => ({ hidden_act: z.enum(["silu", "swish"]).default("silu") }),
  (): PlainActivationName => "silu",
);
