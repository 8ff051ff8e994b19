/** Recursive descent over the words of the text form. */
import { didYouMean } from "@mlxterp/mlx";
import { type InterventionFields, innerInterventions } from "../definition/fields.js";
import { InterventionSyntaxError } from "../errors.js";
import type { KnownTypes } from "../json/known-types.js";
import { scan, type Token } from "./scan-text.js";

/** A piece of the JSON form and the column where it stands. */
export interface TextNode {
  readonly value: number | string | TextNode[] | Map<string, TextNode>;
  readonly column: number;
}

/** Keeps the descent off the limits of the stack. */
const deepest = 48;

/**
 * Reads one intervention from text.
 *
 * @param from where it begins, in characters
 * @param known the types there are
 * @throws InterventionSyntaxError (`INTERVENTION_SYNTAX`)
 */
export function readText(text: string, from: number, known: KnownTypes): TextNode {
  return new Reader(text, from, known).whole();
}

class Reader {
  private readonly tokens: readonly Token[];
  private next = 0;
  private depth = 0;

  constructor(
    private readonly text: string,
    from: number,
    private readonly known: KnownTypes,
  ) {
    this.tokens = scan(text, from);
  }

  whole(): TextNode {
    const node = this.call();
    if (this.token.kind !== "end")
      throw this.error(`expected the end, found '${this.token.text}'.`);
    return node;
  }

  private get token(): Token {
    return this.tokens[this.next];
  }

  private error(
    rule: string,
    { column }: { column: number } = this.token,
  ): InterventionSyntaxError {
    return new InterventionSyntaxError(this.text, column, rule);
  }

  private accept(sign: string): boolean {
    const found = this.token.kind === "sign" && this.token.text === sign;
    if (found) this.next++;
    return found;
  }

  private expect(...signs: string[]): string {
    const sign = signs.find((one) => this.accept(one));
    if (sign !== undefined) return sign;
    throw this.error(`expected '${signs.join("' or '")}', found '${this.token.text}'.`);
  }

  /** name "(" arguments ")" */
  private call(): TextNode {
    const { kind, text: type, column } = this.token;
    if (kind !== "name") throw this.error(`expected an intervention, found '${type}'.`);
    const fields = this.fieldsOf(type);
    this.next++;
    const given = new Map<string, TextNode>([["type", { value: type, column }]]);
    this.expect("(");
    const [only, ...others] = Object.keys(fields);
    const isList = others.length === 0 && fields[only] === innerInterventions;
    if (isList) given.set(only, { value: this.list(")"), column });
    else if (!this.accept(")")) this.arguments(type, Object.keys(fields), given);
    return { value: given, column };
  }

  private fieldsOf(type: string): InterventionFields {
    const found = this.known.get(type);
    if (found) return found.fields;
    const names = [...this.known.keys()];
    const rule = `there is no intervention '${type}'. There are ${names.join(", ")}. ${didYouMean(type, names)}`;
    throw this.error(rule.trimEnd());
  }

  private arguments(type: string, names: readonly string[], given: Map<string, TextNode>): void {
    let place = 0;
    do {
      const { column } = this.token;
      const named = this.token.kind === "name" && this.tokens[this.next + 1].text === "=";
      const name = named ? this.token.text : names[place++];
      if (named) this.next += 2;
      if (name === undefined || !names.includes(name)) {
        const takes = names.length > 0 ? names.join(", ") : "nothing";
        const hint = name === undefined ? "" : didYouMean(name, names);
        const rule = `${type} takes ${takes}; there is no ${name ?? "further argument"}. ${hint}`;
        throw this.error(rule.trimEnd(), { column });
      }
      if (given.has(name)) throw this.error(`${name} is given twice.`, { column });
      given.set(name, this.value());
    } while (this.expect(",", ")") === ",");
  }

  /** A number, a range, a word, a list or a call. */
  private value(): TextNode {
    if (++this.depth > deepest) throw this.error(`nested deeper than ${deepest}.`);
    const node = this.shallowValue();
    this.depth--;
    return node;
  }

  private shallowValue(): TextNode {
    const { kind, text, column } = this.token;
    if (this.accept("[")) return { value: this.list("]"), column };
    if (this.accept("..")) return this.range(new Map(), column);
    if (kind === "number") {
      this.next++;
      const node: TextNode = { value: text.endsWith("Infinity") ? text : Number(text), column };
      return this.accept("..") ? this.range(new Map([["from", node]]), column) : node;
    }
    if (kind !== "name") throw this.error(`expected a value, found '${text}'.`);
    if (this.tokens[this.next + 1].text === "(") return this.call();
    this.next++;
    return { value: text, column };
  }

  private range(ends: Map<string, TextNode>, column: number): TextNode {
    if (this.token.kind === "number") {
      ends.set("to", { value: Number(this.token.text), column: this.token.column });
      this.next++;
    }
    return { value: ends, column };
  }

  /** Values up to a closing sign, which is taken too. */
  private list(close: string): TextNode[] {
    const items: TextNode[] = [];
    if (this.accept(close)) return items;
    do items.push(this.value());
    while (this.expect(",", close) === ",");
    return items;
  }
}
