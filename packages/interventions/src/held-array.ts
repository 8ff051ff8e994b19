/** Arrays that an intervention holds: copied when they come in, cast once per dtype, never handed out. */
import {
  checkFinite,
  type Dtype,
  type DtypeName,
  dtypeName,
  fromFlat,
  InvalidArgumentError,
  isArray,
  type MxArray,
  toFlat,
} from "@mlxterp/mlx";
import { rankOf } from "./dtypes.js";
import { formatPath, NotSerializableError, ValueDtypeError } from "./errors.js";
import type { JsonArray } from "./json.js";
import { type FlatNumbers, flatten, type Numbers, nest } from "./numbers.js";
import type { Path } from "./specification.js";

/** JSON is a poor place for more numbers than this. */
const serializableLimit = 1 << 20;

/** The dtypes whose every value `toFlat` copies exactly. */
const serializableDtypes: ReadonlySet<DtypeName> = new Set<DtypeName>([
  ...(["float32", "float16", "bfloat16", "bool"] as const),
  ...(["int32", "int16", "int8", "uint16", "uint8"] as const),
]);

/** Numbers that belong to an intervention. */
export class HeldArray {
  readonly shape: readonly number[];
  private readonly source: MxArray;
  /** The numbers in full precision; undefined when an array was given. */
  private readonly numbers: FlatNumbers | undefined;
  private readonly rank: number;
  private readonly casts = new Map<Dtype, MxArray>();

  /**
   * @param argument what the value is called, for messages
   * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for irregular or empty lists, NaN, complex numbers, and
   *   infinities unless they are allowed
   */
  constructor(argument: string, value: Numbers | MxArray, options: { infinities?: boolean } = {}) {
    if (isArray(value)) {
      if (value.size === 0 || rankOf(value.dtype) === 3) {
        throw new InvalidArgumentError(argument, value, "must hold real numbers, at least one.");
      }
      this.shape = value.shape;
      this.source = value.astype(value.dtype); // a handle of our own: assigning to the caller's does not reach it
      this.rank = rankOf(value.dtype);
      return;
    }
    this.numbers = flatten(argument, value);
    const { flat, shape } = this.numbers;
    for (const number of Array.from(flat)) {
      if (!(options.infinities && Math.abs(number) === Number.POSITIVE_INFINITY)) {
        checkFinite(argument, number);
      }
    }
    this.shape = shape;
    this.source = fromFlat(Float32Array.from(flat), shape);
    this.rank = Array.prototype.every.call(flat, Number.isInteger) ? 1 : 2;
  }

  /**
   * The numbers in an activation's dtype. Compute with this handle or broadcast it, but never return it.
   *
   * @throws ValueDtypeError (`VALUE_DTYPE`) when fractions would become integers, or integers booleans
   */
  as(dtype: Dtype, name: string, site: string): MxArray {
    let cast = this.casts.get(dtype);
    if (cast === undefined) {
      if (this.rank > rankOf(dtype)) {
        const kind = this.numbers ? "a list with fractions" : dtypeName(this.source.dtype);
        throw new ValueDtypeError(name, site, kind, dtypeName(dtype));
      }
      cast = this.source.dtype === dtype ? this.source : this.source.astype(dtype);
      this.casts.set(dtype, cast);
    }
    return cast;
  }

  /** The numbers on the host. Evaluates an array. */
  host(): FlatNumbers {
    return this.numbers ?? { flat: toFlat(this.source), shape: this.shape };
  }

  /**
   * @throws NotSerializableError (`NOT_SERIALIZABLE`) for NaN, too many numbers, or wide integers
   */
  toJSON(path: Path): JsonArray {
    const part = formatPath(path);
    if (this.source.size > serializableLimit) {
      throw new NotSerializableError(
        part,
        `${this.source.size} numbers are more than the ${serializableLimit} that JSON is used for. Keep them in a safetensors file.`,
      );
    }
    const dtype = dtypeName(this.source.dtype);
    if (!this.numbers && !serializableDtypes.has(dtype)) {
      throw new NotSerializableError(part, `${dtype} has values that JSON numbers cannot hold.`);
    }
    const host = this.host();
    if (Array.prototype.some.call(host.flat, Number.isNaN)) {
      throw new NotSerializableError(part, "it contains NaN.");
    }
    return this.numbers ? nest(host) : { dtype, values: nest(host) };
  }
}
