/** Sets of characters, tested by code point and remembered. */

const remembered = 0x3000; // most scripts' letters; the rest is kept by name

/** Whether a code point belongs to a set. */
export class CodeSet {
  private readonly near = new Uint8Array(remembered); // 0 not asked, 1 outside, 2 inside
  private readonly far = new Map<number, boolean>();
  private readonly expression: RegExp;

  /** @param source a class such as `[\p{L}\d]`, as the `v` flag of JavaScript reads it */
  constructor(
    readonly source: string,
    private readonly foldsCase = false,
  ) {
    this.expression = new RegExp(`^${source}$`, "v");
  }

  has(code: number): boolean {
    if (code < remembered) {
      const known = this.near[code];
      if (known !== 0) return known === 2;
      const found = this.look(code);
      this.near[code] = found ? 2 : 1;
      return found;
    }
    const known = this.far.get(code) ?? this.look(code);
    this.far.set(code, known);
    return known;
  }

  private look(code: number): boolean {
    const character = String.fromCodePoint(code);
    if (this.expression.test(character)) return true;
    if (!this.foldsCase) return false;
    return (
      this.expression.test(character.toLowerCase()) || this.expression.test(character.toUpperCase())
    );
  }
}
