/**
 * A machine for the pickles of torch: it makes numbers, texts, lists, dictionaries and tensors, and refuses by name
 * whatever would call something else. Nothing of a file is ever run.
 * Source: the description of each opcode in Python's own Lib/pickletools.py; PEP 307, PEP 3154.
 */
import { CorruptFileError, UnsupportedFileError } from "../errors.js";
import { literalOpcodes } from "./literal-opcodes.js";
import { PickleBytes } from "./pickle-bytes.js";
import { type Callable, type Globals, isCallable, type Made } from "./pickle-globals.js";
import { refusedOpcodes } from "./refused-opcodes.js";

/** What a file knows by other names than Python does: storages. */
export type PersistentLoader = (id: Made) => Made;

export interface UnpickleOptions {
  readonly file: string;
  readonly globals: Globals;
  readonly persistent: PersistentLoader;
}

/** The made value, and how many bytes it took. */
export interface Unpickled {
  readonly value: Made;
  readonly length: number;
}

/**
 * @throws CorruptFileError (`CORRUPT_FILE`), UnsupportedFileError (`UNSUPPORTED_FILE`) naming the first opcode or name
 * that is not read
 */
export function unpickle(bytes: Buffer, options: UnpickleOptions): Unpickled {
  const machine = new Machine(bytes, options);
  return { value: machine.run(), length: machine.read.position };
}

const stopOpcode = 0x2e;

/** A stack, the stacks below its marks, and what is remembered by number. */
class Machine {
  readonly read: PickleBytes;
  #stack: Made[] = [];
  readonly #below: Made[][] = [];
  readonly #memo = new Map<number, Made>();

  constructor(
    bytes: Buffer,
    private readonly options: UnpickleOptions,
  ) {
    this.read = new PickleBytes(bytes, options.file);
  }

  run(): Made {
    for (;;) {
      const opcode = this.read.byte();
      if (opcode === stopOpcode) return this.pop();
      const literal = literalOpcodes[opcode];
      if (literal) this.#stack.push(literal(this.read, this.options.file));
      else this.#step(opcode);
    }
  }

  #step(opcode: number): void {
    const action = actions[opcode];
    if (action) {
      action(this);
      return;
    }
    const { file } = this.options;
    const code = `0x${opcode.toString(16).padStart(2, "0")}`;
    const name = refusedOpcodes[opcode];
    if (!name) throw new CorruptFileError(file, `its pickle has no opcode ${code} (damaged?)`);
    throw new UnsupportedFileError(file, `its pickle uses ${name} (${code})`, plainValues);
  }

  push(value: Made): void {
    this.#stack.push(value);
  }

  pop(): Made {
    if (this.#stack.length === 0) throw this.damaged("takes more than it has made");
    return this.#stack.pop() as Made;
  }

  top(): Made {
    if (this.#stack.length === 0) throw this.damaged("takes more than it has made");
    return this.#stack[this.#stack.length - 1];
  }

  popSeveral(count: number): Made[] {
    if (this.#stack.length < count) throw this.damaged("takes more than it has made");
    return this.#stack.splice(this.#stack.length - count, count);
  }

  mark(): void {
    this.#below.push(this.#stack);
    this.#stack = [];
  }

  popMark(): Made[] {
    const below = this.#below.pop();
    if (!below) throw this.damaged("ends what it has not begun");
    const above = this.#stack;
    this.#stack = below;
    return above;
  }

  discard(): void {
    if (this.#stack.length > 0) this.#stack.pop();
    else this.popMark();
  }

  remember(place: number = this.#memo.size): void {
    this.#memo.set(place, this.top());
  }

  recall(place: number): void {
    if (!this.#memo.has(place)) throw this.damaged(`recalls ${place}, which it never kept`);
    this.#stack.push(this.#memo.get(place) as Made);
  }

  append(items: readonly Made[]): void {
    const list = this.top();
    if (!Array.isArray(list) || Object.isFrozen(list))
      throw this.damaged("adds to what is no list");
    for (const item of items) list.push(item);
  }

  add(items: readonly Made[]): void {
    const set = this.top();
    if (!(set instanceof Set)) throw this.damaged("adds to what is no set");
    for (const item of items) set.add(this.#key(item));
  }

  assign(items: readonly Made[]): void {
    const map = this.top();
    if (!(map instanceof Map)) throw this.damaged("puts entries into what is no dictionary");
    if (items.length % 2 !== 0) throw this.damaged("has a key without a value");
    for (let index = 0; index < items.length; index += 2) {
      map.set(this.#key(items[index]), items[index + 1]);
    }
  }

  /** Python compares tuples by what is in them, which a Map does not: so only texts and numbers. */
  #key(key: Made): Made {
    if (key === null || typeof key !== "object") return key;
    const { file } = this.options;
    throw new UnsupportedFileError(
      file,
      "a dictionary in it has keys that are no texts or numbers",
      plainValues,
    );
  }

  named(module: Made, name: Made): void {
    if (typeof module !== "string" || typeof name !== "string") {
      throw this.damaged("names something by what is no text");
    }
    const found = this.options.globals.get(`${module}.${name}`);
    if (found === undefined) throw notRead(this.options.file, `${module}.${name}`);
    this.#stack.push(found);
  }

  call(): void {
    const [callable, given] = this.popSeveral(2);
    if (!isCallable(callable) || !Array.isArray(given))
      throw this.damaged("calls what is no function");
    this.#stack.push((callable as Callable).make(given, this.options.file));
  }

  persistent(): void {
    this.#stack.push(this.options.persistent(this.pop()));
  }

  /** Attributes: those of a dictionary are notes of torch (versions of modules); nothing else has any. */
  build(): void {
    this.pop();
    if (!(this.top() instanceof Map)) throw this.damaged("gives attributes to what has none");
  }

  damaged(what: string): CorruptFileError {
    return new CorruptFileError(this.options.file, `its pickle ${what}`);
  }
}

export const plainValues =
  "Read are tensors, numbers, texts, lists and dictionaries. Load the file in Python where you trust it, and save only those: torch.save(model.state_dict(), file).";

/** @throws UnsupportedFileError (`UNSUPPORTED_FILE`) always */
function notRead(file: string, name: string): UnsupportedFileError {
  const what = `it asks for ${name.slice(0, 200)}, and a pickle can run any code by such a name`;
  return new UnsupportedFileError(file, what, plainValues);
}

const frozen = (items: Made[]): Made => Object.freeze(items) as Made;

/** What changes the stack by more than a literal. */
const actions: Readonly<Record<number, (machine: Machine) => void>> = {
  40: (machine) => machine.mark(), // MARK
  48: (machine) => machine.discard(), // POP
  49: (machine) => void machine.popMark(), // POP_MARK
  50: (machine) => machine.push(machine.top()), // DUP
  82: (machine) => machine.call(), // REDUCE
  81: (machine) => machine.persistent(), // BINPERSID
  97: (machine) => machine.append([machine.pop()]), // APPEND
  101: (machine) => machine.append(machine.popMark()), // APPENDS
  98: (machine) => machine.build(), // BUILD
  99: (machine) => machine.named(machine.read.line(), machine.read.line()), // GLOBAL
  147: (machine) => {
    const [module, name] = machine.popSeveral(2);
    machine.named(module, name); // STACK_GLOBAL
  },
  100: (machine) => {
    const items = machine.popMark();
    machine.push(new Map());
    machine.assign(items); // DICT
  },
  108: (machine) => machine.push(machine.popMark()), // LIST
  115: (machine) => machine.assign(machine.popSeveral(2)), // SETITEM
  117: (machine) => machine.assign(machine.popMark()), // SETITEMS
  116: (machine) => machine.push(frozen(machine.popMark())), // TUPLE
  133: (machine) => machine.push(frozen(machine.popSeveral(1))), // TUPLE1
  134: (machine) => machine.push(frozen(machine.popSeveral(2))), // TUPLE2
  135: (machine) => machine.push(frozen(machine.popSeveral(3))), // TUPLE3
  144: (machine) => machine.add(machine.popMark()), // ADDITEMS
  145: (machine) => {
    const items = machine.popMark();
    machine.push(new Set());
    machine.add(items); // FROZENSET
  },
  103: (machine) => machine.recall(Number(machine.read.line())), // GET
  104: (machine) => machine.recall(machine.read.byte()), // BINGET
  106: (machine) => machine.recall(machine.read.unsigned32()), // LONG_BINGET
  112: (machine) => machine.remember(Number(machine.read.line())), // PUT
  113: (machine) => machine.remember(machine.read.byte()), // BINPUT
  114: (machine) => machine.remember(machine.read.unsigned32()), // LONG_BINPUT
  148: (machine) => machine.remember(), // MEMOIZE
  128: (machine) => void machine.read.byte(), // PROTO
  149: (machine) => void machine.read.take(8), // FRAME
};
