/**
 * A stand-in of the binding 0.4.0 on top of 0.0.7: its names, where its functions are, and what it does not take. Tests of
 * the other packages run on it, so that what is written for one binding stays right for the other.
 */
import { Module } from "node:module";

type Members = Record<string, unknown>;
type Call = (...inputs: unknown[]) => unknown;

/** How many arguments the newer functions insist on. */
const counts: Readonly<Record<string, number>> = {
  gatherMM: 5,
  gatherQMM: 10,
  quantizedMatmul: 7,
  quantize: 3,
  dequantize: 5,
  tril: 2,
};

const gone = ["Inf", "Infinity", "infty", "NAN", "NaN", "NINF", "NZERO", "PINF", "PZERO"];
const renamed = { blockSparseMM: "gatherMM", blockSparseQMM: "gatherQMM" } as const;
const native = new Set(["array", "Device", "Stream", "Dtype", "DtypeCategory", "Complex", "Slice"]);

function refuse(name: string, rule: string): never {
  throw new TypeError(`stand-in: ${name} ${rule}`);
}

/** The function with what the newer binding takes more strictly. */
function strict(name: string, own: Call, passed = Number.POSITIVE_INFINITY): Call {
  return (...inputs) => {
    if (inputs.includes(undefined)) refuse(name, "was given an undefined argument.");
    if (inputs.length < (counts[name] ?? 0)) refuse(name, "was given too few arguments.");
    return own(...inputs.slice(0, passed));
  };
}

function newerCore(core: Members): Members {
  const newer: Members = { ...core };
  const metal = core.metal as Members;
  for (const name of gone) delete newer[name];
  for (const [former, recent] of Object.entries(renamed)) {
    delete newer[former];
    newer[recent] = strict(recent, core[former] as Call, counts[recent] - 1);
  }
  for (const name of Object.keys(core)) {
    const kept = name in newer && typeof core[name] === "function" && !native.has(name);
    if (kept) newer[name] = strict(name, core[name] as Call);
  }
  for (const part of ["fast", "linalg", "random"]) {
    const entries = Object.entries(core[part] as Record<string, Call>);
    newer[part] = Object.fromEntries(entries.map(([name, own]) => [name, strict(name, own)]));
  }
  const atHome = ["isAvailable", "startCapture", "stopCapture", "deviceInfo"];
  newer.metal = Object.fromEntries(atHome.map((name) => [name, metal[name]]));
  for (const name of Object.keys(metal)) if (!atHome.includes(name)) newer[name] = metal[name];
  newer.array = withoutArraysInside(core.array as new (...inputs: unknown[]) => object);
  return newer;
}

/** Lists of numbers only. */
function withoutArraysInside(Own: new (...inputs: unknown[]) => object): unknown {
  const check = (value: unknown): void => {
    if (!Array.isArray(value)) return;
    if (value.some((entry) => entry instanceof Own)) refuse("array", "was given arrays in a list.");
    if (Array.isArray(value[0])) check(value[0]);
  };
  const make = (inputs: unknown[]) => {
    if (inputs.includes(undefined)) refuse("array", "was given an undefined argument.");
    check(inputs[0]);
    return new Own(...inputs);
  };
  return new Proxy(Own, {
    construct: (_, inputs) => make(inputs),
    apply: (_, __, inputs) => make(inputs),
  });
}

type Loader = { _load: (name: string, ...rest: unknown[]) => unknown };

/** Puts the stand-in in the place of the binding, before it is loaded. */
function installStandIn(): void {
  Reflect.set(globalThis, Symbol.for("mlxterp.standIn"), true);
  const loader = Module as unknown as Loader;
  const load = loader._load;
  let standIn: unknown;
  loader._load = function (name, ...rest) {
    const loaded = load.call(this, name, ...rest) as { core: Members; nn: object };
    if (name !== "@frost-beta/mlx") return loaded;
    const { core } = loaded;
    if ("gatherMM" in core) return loaded; // the newer binding itself
    standIn ??= Object.create(loaded, { core: { value: newerCore(core) } });
    return standIn;
  };
}

installStandIn();
