/** Fields of a configuration, read by name and type; those that nobody knows are refused. */
import { DictionaryFormatError, UnknownDictionaryFieldError } from "../shared/errors.js";
import type { Fields } from "./files.js";

/** Reads fields, and remembers which it was asked for. */
export class FieldReader {
  readonly #asked = new Set<string>();

  constructor(
    readonly file: string,
    readonly fields: Fields,
    /** Names that the caller passes over. */
    readonly ignored: readonly string[] = [],
  ) {}

  #value(name: string): unknown {
    this.#asked.add(name);
    return Object.hasOwn(this.fields, name) ? this.fields[name] : undefined;
  }

  has(name: string): boolean {
    return this.#value(name) !== undefined && this.#value(name) !== null;
  }

  text(name: string): string | undefined {
    return this.#typed(name, "string") as string | undefined;
  }

  boolean(name: string): boolean | undefined {
    return this.#typed(name, "boolean") as boolean | undefined;
  }

  number(name: string): number | undefined {
    return this.#typed(name, "number") as number | undefined;
  }

  /** A whole number above zero. */
  count(name: string): number | undefined {
    const value = this.number(name);
    if (value === undefined || (Number.isInteger(value) && value > 0)) return value;
    throw this.wrong(name, "a whole number above zero");
  }

  inner(name: string): Fields | undefined {
    const value = this.#value(name);
    if (value === undefined || value === null) return undefined;
    if (typeof value === "object" && !Array.isArray(value)) return value as Fields;
    throw this.wrong(name, "an object");
  }

  /** One of a few words. @throws UnknownDictionaryFieldError (`UNKNOWN_DICTIONARY_FIELD`) */
  word<const T extends string>(name: string, known: readonly T[]): T | undefined {
    const value = this.text(name);
    if (value === undefined || known.includes(value as T)) return value as T | undefined;
    throw this.unknown(name, `known are ${known.join(", ")}`);
  }

  /** Refuses a field that is there with any value but one. */
  only(name: string, value: unknown): void {
    const found = this.#value(name);
    if (found === undefined || found === null || found === value) return;
    if (!this.ignored.includes(name)) throw this.unknown(name);
  }

  /** Refuses every field that was neither read nor is known to change nothing. */
  refuseOthers(harmless: readonly string[]): void {
    const known = new Set([...this.#asked, ...harmless, ...this.ignored]);
    const other = Object.keys(this.fields).find(
      (name) => !known.has(name) && this.fields[name] !== null,
    );
    if (other !== undefined) throw this.unknown(other);
  }

  unknown(name: string, reason?: string): UnknownDictionaryFieldError {
    return new UnknownDictionaryFieldError(this.file, name, this.#value(name), reason);
  }

  wrong(name: string, rule: string): DictionaryFormatError {
    const value = JSON.stringify(this.#value(name));
    return new DictionaryFormatError(this.file, `"${name}" is ${value}, but must be ${rule}.`);
  }

  #typed(name: string, type: "string" | "boolean" | "number"): unknown {
    const value = this.#value(name);
    if (value === undefined || value === null) return undefined;
    if (typeof value === type) return value;
    throw this.wrong(name, `a ${type}`);
  }
}
