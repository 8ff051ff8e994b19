/** Reads the expressions of a template, with Jinja's precedences. */
import { wrongTemplate } from "./fault.js";
import { type Token, type TokenKind, unquote } from "./lexer.js";
import { type Expression, type Given, noArguments } from "./syntax.js";

const deepest = 60;
const constants: Readonly<Record<string, boolean | null>> = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
};

/** A place in the tokens of a template, and the expressions that begin there. */
export class ExpressionParser {
  protected at = 0;
  protected depth = 0;

  constructor(protected readonly tokens: readonly Token[]) {}

  protected get token(): Token {
    return this.tokens[this.at];
  }

  protected fail(reason: string): never {
    const fault = wrongTemplate(reason);
    fault.line = this.token.line;
    throw fault;
  }

  protected is(kind: TokenKind, value?: string): boolean {
    const { token } = this;
    return token.kind === kind && (value === undefined || token.value === value);
  }

  protected skip(kind: TokenKind, value?: string): boolean {
    const found = this.is(kind, value);
    if (found) this.at++;
    return found;
  }

  protected expect(kind: TokenKind, value?: string): Token {
    const { token } = this;
    if (!this.skip(kind, value)) {
      this.fail(`expected ${value ?? kind}, found ${token.value || token.kind}`);
    }
    return token;
  }

  private operator(...values: readonly string[]): string | undefined {
    const { kind, value } = this.token;
    if (kind !== "operator" || !values.includes(value)) return undefined;
    this.at++;
    return value;
  }

  expression(withCondition = true): Expression {
    if (++this.depth > deepest) this.fail(`expressions are nested more than ${deepest} deep`);
    const found = withCondition ? this.condition() : this.or();
    this.depth--;
    return found;
  }

  private condition(): Expression {
    let yes = this.or();
    while (this.is("name", "if")) {
      const { line } = this.token;
      this.at++;
      const test = this.or();
      const no = this.skip("name", "else") ? this.expression() : undefined;
      yes = { kind: "condition", test, yes, no, line };
    }
    return yes;
  }

  private or(): Expression {
    let left = this.and();
    while (this.is("name", "or")) {
      const { line } = this.token;
      this.at++;
      left = { kind: "or", left, right: this.and(), line };
    }
    return left;
  }

  private and(): Expression {
    let left = this.not();
    while (this.is("name", "and")) {
      const { line } = this.token;
      this.at++;
      left = { kind: "and", left, right: this.not(), line };
    }
    return left;
  }

  private not(): Expression {
    const { line } = this.token;
    let count = 0;
    while (this.skip("name", "not")) count++;
    let found = this.compare();
    for (; count > 0; count--) found = { kind: "not", of: found, line };
    return found;
  }

  private compare(): Expression {
    const { line } = this.token;
    const first = this.sum();
    const rest: { operator: string; value: Expression }[] = [];
    for (;;) {
      let operator = this.operator("==", "!=", "<", "<=", ">", ">=");
      if (!operator && this.skip("name", "in")) operator = "in";
      const next = this.tokens[this.at + 1];
      if (!operator && this.is("name", "not") && next?.kind === "name" && next.value === "in") {
        this.at += 2;
        operator = "not in";
      }
      if (!operator) break;
      rest.push({ operator, value: this.sum() });
    }
    return rest.length === 0 ? first : { kind: "compare", first, rest, line };
  }

  private binary(next: () => Expression, ...operators: readonly string[]): Expression {
    const { line } = this.token;
    let left = next();
    for (let found = this.operator(...operators); found; found = this.operator(...operators)) {
      left = { kind: "binary", operator: found, left, right: next(), line };
    }
    return left;
  }

  private readonly power = () => this.binary(() => this.unary(), "**");
  private readonly product = () => this.binary(this.power, "*", "/", "//", "%");
  private readonly concatenation = () => this.binary(this.product, "~");

  private sum(): Expression {
    return this.binary(this.concatenation, "+", "-");
  }

  protected unary(withFilters = true): Expression {
    if (++this.depth > deepest) this.fail(`expressions are nested more than ${deepest} deep`);
    const { line } = this.token;
    const sign = this.operator("-", "+");
    let found: Expression = sign
      ? { kind: sign === "-" ? "negative" : "positive", of: this.unary(false), line }
      : this.postfix(this.primary());
    if (withFilters) found = this.filters(found);
    this.depth--;
    return found;
  }

  private primary(): Expression {
    const { kind, value, line } = this.token;
    this.at++;
    switch (kind) {
      case "name":
        return Object.hasOwn(constants, value)
          ? { kind: "constant", value: constants[value], line }
          : { kind: "name", name: value, line };
      case "string": {
        let text = unquote(value);
        for (; this.is("string"); this.at++) text += unquote(this.token.value);
        return { kind: "constant", value: text, line };
      }
      case "integer":
        return { kind: "constant", value: { int: Number(value.replaceAll("_", "")) }, line };
      case "float":
        return { kind: "constant", value: { float: Number(value.replaceAll("_", "")) }, line };
      default:
        if (value === "(") return this.parenthesis(line);
        if (value === "[") return { kind: "list", items: this.items("]"), line };
        if (value === "{") return this.dict(line);
        this.at--;
        return this.fail(`unexpected ${value || kind}`);
    }
  }

  private parenthesis(line: number): Expression {
    if (this.skip("operator", ")")) return { kind: "tuple", items: [], line };
    const found = this.tuple();
    this.expect("operator", ")");
    return found;
  }

  /** One expression, or several with commas between. */
  tuple(withCondition = true): Expression {
    const { line } = this.token;
    const items = [this.expression(withCondition)];
    let isTuple = false;
    while (this.skip("operator", ",")) {
      isTuple = true;
      if (this.endsTuple()) break;
      items.push(this.expression(withCondition));
    }
    return isTuple ? { kind: "tuple", items, line } : items[0];
  }

  private endsTuple(): boolean {
    const { kind, value } = this.token;
    return kind === "variableEnd" || kind === "blockEnd" || value === ")" || value === "=";
  }

  private items(closer: string): Expression[] {
    const items: Expression[] = [];
    while (!this.skip("operator", closer)) {
      if (items.length > 0) this.expect("operator", ",");
      if (this.skip("operator", closer)) break;
      items.push(this.expression());
    }
    return items;
  }

  private dict(line: number): Expression {
    const entries: (readonly [Expression, Expression])[] = [];
    while (!this.skip("operator", "}")) {
      if (entries.length > 0) this.expect("operator", ",");
      if (this.skip("operator", "}")) break;
      const key = this.expression();
      this.expect("operator", ":");
      entries.push([key, this.expression()]);
    }
    return { kind: "dict", entries, line };
  }

  protected postfix(from: Expression): Expression {
    let found = from;
    for (;;) {
      const { line } = this.token;
      if (this.skip("operator", ".")) found = this.member(found, line);
      else if (this.skip("operator", "[")) found = this.subscript(found, line);
      else if (this.is("operator", "("))
        found = { kind: "call", of: found, given: this.given(), line };
      else return found;
    }
  }

  private member(of: Expression, line: number): Expression {
    const { kind, value } = this.token;
    this.at++;
    if (kind === "name") return { kind: "attribute", of, name: value, line };
    if (kind !== "integer") this.fail("expected a name or a number behind the dot");
    const key: Expression = { kind: "constant", value: { int: Number(value) }, line };
    return { kind: "item", of, key, line };
  }

  private subscript(of: Expression, line: number): Expression {
    const bounds: (Expression | undefined)[] = [undefined];
    let isSlice = false;
    while (!this.is("operator", "]")) {
      if (this.skip("operator", ":")) {
        isSlice = true;
        bounds.push(undefined);
      } else bounds[bounds.length - 1] = this.tuple();
      if (bounds.length > 3) this.fail("a slice has more than three parts");
    }
    this.at++;
    if (isSlice) return { kind: "slice", of, bounds, line };
    const [key] = bounds;
    return key ? { kind: "item", of, key, line } : this.fail("expected a key in the brackets");
  }

  protected filters(from: Expression): Expression {
    let found = from;
    for (;;) {
      const { line } = this.token;
      if (this.skip("operator", "|")) {
        found = { kind: "filter", of: found, ...this.applied(), line };
      } else if (this.is("name", "is")) found = this.test(found);
      else if (this.is("operator", "("))
        found = { kind: "call", of: found, given: this.given(), line };
      else return found;
    }
  }

  /** A filter's name, and what it is given. */
  protected applied(): { readonly name: string; readonly given: Given } {
    const name = this.dottedName();
    const given = this.is("operator", "(") ? this.given() : noArguments;
    return { name, given };
  }

  private dottedName(): string {
    let name = this.expect("name").value;
    while (this.skip("operator", ".")) name += `.${this.expect("name").value}`;
    return name;
  }

  private test(of: Expression): Expression {
    const { line } = this.expect("name", "is");
    const negated = this.skip("name", "not");
    const name = this.dottedName();
    let given = noArguments;
    if (this.is("operator", "(")) given = this.given();
    else if (this.beginsArgument()) {
      if (this.is("name", "is")) this.fail("tests cannot follow each other");
      given = { ...noArguments, positions: [this.postfix(this.primary())] };
    }
    const test: Expression = { kind: "test", of, name, given, line };
    return negated ? { kind: "not", of: test, line } : test;
  }

  private beginsArgument(): boolean {
    const { kind, value } = this.token;
    if (kind === "name") return !["else", "or", "and"].includes(value);
    return (
      ["string", "integer", "float"].includes(kind) ||
      (kind === "operator" && "([{".includes(value))
    );
  }

  protected given(): Given {
    this.expect("operator", "(");
    const positions: Expression[] = [];
    const names: [string, Expression][] = [];
    let [list, dict]: (Expression | undefined)[] = [];
    for (let count = 0; !this.skip("operator", ")"); count++) {
      if (count > 0) this.expect("operator", ",");
      if (this.skip("operator", ")")) break;
      if (this.skip("operator", "*")) list = this.expression();
      else if (this.skip("operator", "**")) dict = this.expression();
      else if (this.is("name") && this.tokens[this.at + 1]?.value === "=" && !dict) {
        const { value } = this.token;
        this.at += 2;
        names.push([value, this.expression()]);
      } else if (names.length > 0 || dict || list)
        this.fail("a positional argument behind a named one");
      else positions.push(this.expression());
    }
    return { positions, names, list, dict };
  }
}
